"""The client address: the connection's, or behind a proxy the one that the proxy added, or unknown."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from scoring.api.client_address import client_address

UNKNOWN = ""


def address(*, connection: str = "192.0.2.1", forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=connection, **headers))


@pytest.fixture
def behind_proxy(settings: Settings) -> None:
    settings.BEHIND_PROXY = True


def test_without_a_proxy_it_is_the_connections_address():
    assert address() == "192.0.2.1"


def test_without_a_proxy_a_forwarded_header_is_ignored():
    assert address(forwarded="198.51.100.7") == "192.0.2.1"


def test_a_unix_socket_has_no_address():
    assert address(connection="") == UNKNOWN


@pytest.mark.usefixtures("behind_proxy")
@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the client may have forged the first one
        ("forged, 198.51.100.7", "198.51.100.7"),
        ("forged,198.51.100.7 ", "198.51.100.7"),
    ],
)
def test_behind_a_proxy_it_is_the_last_forwarded_address(forwarded: str, expected: str):
    assert address(forwarded=forwarded) == expected


@pytest.mark.usefixtures("behind_proxy")
@pytest.mark.parametrize(
    "forwarded",
    [
        "not an address",
        "unknown",
        "_hidden",
        "",
        "198.51.100.7,",
        "198.51.100.7, unknown",
        "198.51.100.7:4711",
        "[2001:db8::1]",
        "198.51.100.0/24",
    ],
)
def test_what_is_not_an_address_is_not_trusted_and_does_not_become_the_proxys(forwarded: str):
    assert address(forwarded=forwarded) == UNKNOWN


@pytest.mark.usefixtures("behind_proxy")
def test_a_proxy_that_forwards_no_address_does_not_become_the_client():
    assert address(forwarded=None) == UNKNOWN


@pytest.mark.parametrize("text", ["::ffff:198.51.100.7", "::FFFF:c633:6407", " 198.51.100.7 "])
def test_one_address_has_one_spelling(settings: Settings, text: str):
    assert address(connection=text) == "198.51.100.7"
    settings.BEHIND_PROXY = True
    assert address(forwarded=text) == "198.51.100.7"
