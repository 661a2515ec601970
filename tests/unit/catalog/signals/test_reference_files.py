"""Lists that the installation supplies: read strictly, and again when their file changes."""

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from scoring import checks
from scoring.catalog.client_fields import IpAddress
from scoring.catalog.contact_fields import Email
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.signals import reference_files
from scoring.catalog.signals.reference_files import (
    ReferenceFile,
    UnreadableReference,
    disposable_domains,
    network_list,
    parse_domains,
    parse_networks,
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    disposable_domains.cache_clear()
    network_list.cache_clear()


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "list.txt"
    path.write_text(text)
    return str(path)


def test_a_list_has_one_value_a_line_and_comments(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff# disposable\nMailinator.com\n\n@bücher.de # with a comment\r\n")
    loaded = ReferenceFile(path, parse_domains).read()
    assert loaded.values == {"mailinator.com", "xn--bcher-kva.de"}
    assert loaded.count == 2


def test_networks_are_read_in_both_versions_and_as_single_addresses(tmp_path: Path) -> None:
    path = written(tmp_path, "10.0.0.1/8\n2001:db8::1\n")
    networks = ReferenceFile(path, parse_networks).read().values
    assert ip_address("10.255.0.0") in networks
    assert ip_address("2001:db8::1") in networks
    assert ip_address("2001:db8::2") not in networks


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    [
        (parse_domains, "ok.example\nno domain\n", r"list.txt, line 2: 'no domain' is not a domain"),
        (parse_domains, "localhost", "line 1: 'localhost' is not a domain"),
        (parse_networks, "10.0.0.0/33", "line 1: '10.0.0.0/33' is not a network, such as"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, parse: Any, text: str, problem: str) -> None:
    with pytest.raises(UnreadableReference, match=problem):
        ReferenceFile(written(tmp_path, text), parse).read()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReference, match=r"none\.txt cannot be read: No such file"):
        ReferenceFile(str(tmp_path / "none.txt"), parse_domains).read()


def test_a_changed_file_is_read_again_and_a_broken_one_leaves_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_files, "CHECK_SECONDS", 0.0)
    path = Path(written(tmp_path, "one.example"))
    file = ReferenceFile(str(path), parse_domains)
    first = file.current()
    path.write_text("one.example\ntwo.example")
    second = file.current()
    assert first is not None
    assert second is not None
    assert (first.values, second.values) == ({"one.example"}, {"one.example", "two.example"})
    assert first.version != second.version
    path.write_text("not a domain")
    assert file.current() is second
    path.unlink()
    assert file.current() is second


def test_a_list_is_not_looked_at_again_within_a_minute(tmp_path: Path) -> None:
    path = written(tmp_path, "one.example")
    file = ReferenceFile(path, parse_domains)
    first = file.current()
    os.unlink(path)
    assert file.current() is first


def test_events_name_the_versions_of_the_lists_that_they_were_measured_with(
    tmp_path: Path, settings: Any
) -> None:
    class Visit(EventType):
        name, lane = "visit", "visits"
        guest = Entity()
        email = Email(optional=True)
        ip = IpAddress(networks=("tor", "vpn"), optional=True)

    settings.DISPOSABLE_DOMAINS = written(tmp_path, "mailinator.com")
    (tmp_path / "networks").mkdir()
    settings.NETWORK_LISTS = {"tor": written(tmp_path / "networks", "203.0.113.0/24")}
    signals, versions, *_ = Visit.signals_of({"email": "a@mailinator.com", "ip": "203.0.113.9"})
    assert (signals["email.is_disposable"], signals["ip.in_tor"]) == (True, True)
    assert "ip.in_vpn" not in signals
    assert set(versions) == {"disposable_domains", "tor"}
    assert Visit.signals_of({"guest": "g"})[:3] == ({}, {}, {})


def test_the_check_reports_lists_that_cannot_be_read_and_lists_that_are_not_set(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Visit(EventType):
        name, lane = "visit", "visits"
        ip = IpAddress(networks=("tor",))

    monkeypatch.setattr(checks, "event_types", lambda: {"visit": Visit})
    settings.DISPOSABLE_DOMAINS = str(tmp_path / "none.txt")
    settings.NETWORK_LISTS = {"vpn": written(tmp_path, "x")}
    wrong = checks.check_reference_files()
    assert [message.id for message in wrong] == ["scoring.E002", "scoring.E002"]
    assert "ASSAY_DISPOSABLE_DOMAINS: " in wrong[0].msg
    assert "ASSAY_NETWORK_LISTS, vpn: " in wrong[1].msg
    [unset] = checks.check_network_lists()
    assert "visit.ip is looked up in the network list 'tor'" in unset.msg
