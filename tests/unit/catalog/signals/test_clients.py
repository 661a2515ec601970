"""What is measured of an IP address and of a user agent."""

import doctest
from ipaddress import ip_address, ip_network

import pytest

from scoring.catalog.client_fields import IpAddress, UserAgent
from scoring.catalog.errors import FieldError
from scoring.catalog.signals import addresses, user_agents
from scoring.catalog.signals.addresses import address_signals
from scoring.catalog.signals.networks import NetworkSet
from scoring.catalog.signals.reference_files import Loaded
from scoring.catalog.signals.user_agents import user_agent_signals
from scoring.declare import ADDRESS_SIGNALS, USER_AGENT_SIGNALS
from scoring.declare.errors import CatalogError

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

PRIVATE = [
    ("10.1.2.3", True),
    ("127.0.0.1", True),
    ("169.254.0.9", True),
    ("100.64.0.1", True),
    ("::1", True),
    ("fd00::1", True),
    ("8.8.8.8", False),
    ("2001:4860:4860::8888", False),
    ("::ffff:8.8.8.8", False),
    ("::ffff:10.0.0.1", True),
]


@pytest.mark.parametrize(("address", "is_private"), PRIVATE)
def test_addresses_that_the_internet_does_not_reach_are_private(address: str, is_private: bool) -> None:
    assert address_signals(address, {})["is_private"] is is_private


def test_an_ipv4_address_in_ipv6_notation_is_ipv4() -> None:
    assert address_signals("::ffff:8.8.8.8", {})["is_ipv6"] is False
    assert address_signals("2001:db8::1", {})["is_ipv6"] is True


NETWORKS = NetworkSet.of(
    [
        ip_network(text)
        for text in ("10.0.0.0/24", "10.0.1.0/24", "192.0.2.7/32", "2001:db8::/32", "10.0.0.0/28")
    ]
)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("9.255.255.255", False),
        ("10.0.0.0", True),
        ("10.0.1.255", True),
        ("10.0.2.0", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8:ffff::1", True),
        ("2001:db9::", False),
        ("::", False),
    ],
)
def test_an_address_is_found_in_overlapping_and_adjacent_networks(address: str, inside: bool) -> None:
    assert (ip_address(address) in NETWORKS) is inside


def test_an_address_is_looked_up_in_the_lists_that_its_field_names() -> None:
    loaded = {"tor": Loaded(NETWORKS, "0" * 8, 5)}
    assert address_signals("10.0.0.1", loaded)["in_tor"] is True
    assert address_signals("::ffff:10.0.0.1", loaded)["in_tor"] is True
    assert address_signals("8.8.8.8", loaded)["in_tor"] is False
    assert "in_tor" not in address_signals("10.0.0.1", {})
    assert [signal.name for signal in IpAddress(networks=("tor",)).measured_signals] == [
        *ADDRESS_SIGNALS,
        "in_tor",
    ]


def test_a_network_list_has_a_name_and_a_word_names_one_of_the_fields() -> None:
    with pytest.raises(CatalogError, match="'data centers' cannot name a network list"):
        IpAddress(networks=("data centers",))
    with pytest.raises(CatalogError, match="'vpn' is not one of the field's network lists: tor"):
        IpAddress(networks=("tor",)).is_in("vpn")
    with pytest.raises(CatalogError, match=r"none: IpAddress\(networks=\(...\)\) names them"):
        IpAddress().is_in("vpn")


AGENTS = [
    (CHROME, {"family": "Chrome", "system": "Windows", "is_bot": False}),
    (GOOGLEBOT, {"family": "Googlebot", "is_bot": True}),
    ("curl/8.4.0", {"family": "curl", "is_bot": True}),
    (
        CHROME.replace("Chrome", "HeadlessChrome"),
        {"family": "HeadlessChrome", "system": "Windows", "is_bot": True},
    ),
    ("python-requests/2.31.0", {"family": "Python Requests", "is_bot": True}),
    ("okhttp/4.9.3", {"family": "okhttp", "is_bot": False}),
    ("", {"is_bot": False}),
]


@pytest.mark.parametrize(("text", "signals"), AGENTS)
def test_a_user_agent_says_what_it_is(text: str, signals: dict[str, object]) -> None:
    assert user_agent_signals(text) == signals
    user_agent_signals(text)["family"] = "changed by a caller"
    assert user_agent_signals(text) == signals


def test_every_declarable_signal_is_measured() -> None:
    assert set(user_agent_signals(CHROME)) == set(USER_AGENT_SIGNALS)
    assert set(address_signals("8.8.8.8", {})) == set(ADDRESS_SIGNALS)


def test_a_user_agent_is_trimmed_and_may_be_empty_but_not_endless() -> None:
    assert UserAgent().parse("  curl/8 ") == "curl/8"
    assert UserAgent().parse("") == ""
    with pytest.raises(FieldError, match="is longer than 2000 characters"):
        UserAgent().parse("x" * 2_001)
    with pytest.raises(FieldError, match="must be a string"):
        UserAgent().parse(None)


@pytest.mark.parametrize("module", [addresses, user_agents])
def test_the_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
