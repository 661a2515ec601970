"""The lists in memory answer as the database does, and as the stored changes say, at any version and time."""

import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.log import vault
from scoring.rules.lists import index as list_index
from scoring.rules.lists import key_table
from scoring.rules.lists.changing.defining import archive_list
from scoring.rules.lists.changing.listing import remove_values
from scoring.rules.lists.errors import InvalidListChange, ListArchived
from scoring.rules.lists.hits import ListHit
from scoring.rules.lists.index import NO_LISTS, ListIndex
from scoring.rules.lists.keys import digests_of
from scoring.rules.lists.loading import load_index
from scoring.rules.lists.lookup import find_hits
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.lists import ANA, NOW, defined, listed

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LISTS: dict[str, dict[str, Any]] = {
    "bad_cards": {"kind": "card", "action": "block"},
    "good_cards": {"kind": "card", "action": "allow"},
    "addresses": {"kind": "ip", "action": "block"},
    "networks": {"kind": "ip", "match": "network", "action": "watch"},
    "domains": {"kind": "customer", "match": "domain", "action": "block"},
    "digests": {"kind": "card", "match": "sha256", "action": "tag"},
}
DIGESTS = tuple(hashlib.sha256(card.encode()).hexdigest() for card in ("c-1", "c-2"))
VALUES: dict[str, tuple[str, ...]] = {
    "bad_cards": ("c-1", "c-2", "c-3"),
    "good_cards": ("c-1", "c-2", "c-3"),
    "addresses": ("203.0.113.7", "2001:db8::1"),
    "networks": ("203.0.113.0/24", "203.0.0.0/16", "203.0.113.7", "2001:db8::/32", "0.0.0.0/0"),
    "domains": ("mail.example", "sub.mail.example", ".xyz"),
    "digests": DIGESTS,
}
EVENTS: tuple[dict[str, str], ...] = (
    {"card": "c-1", "customer": "ana@mail.example", "ip": "203.0.113.7"},
    {"card": "c-2", "customer": "bob@deep.sub.mail.example", "ip": "2001:db8::1"},
    {"card": "c-3", "customer": "https://shop.xyz/a", "ip": "::ffff:203.0.113.9"},
    {"card": "c-9", "customer": "c-1", "ip": "198.51.100.1"},
    {"card": "c-1"},
)
CHANGES = st.sampled_from(sorted(LISTS)).flatmap(
    lambda name: st.one_of(
        st.tuples(
            st.just("add"), st.just(name), st.sampled_from(VALUES[name]), st.sampled_from([None, 1, 3, 6])
        ),
        st.tuples(st.just("remove"), st.just(name), st.sampled_from(VALUES[name]), st.none()),
        st.tuples(st.sampled_from(["archive", "define"]), st.just(name), st.just(""), st.none()),
    )
)


@dataclass(slots=True)
class Reference:
    """What is on the lists, kept as plainly as can be: by list and text, since when and until when."""

    values: dict[str, dict[str, tuple[int, datetime | None]]] = field(
        default_factory=lambda: {name: {} for name in LISTS}
    )
    archived: frozenset[str] = frozenset()

    def copy(self) -> "Reference":
        return Reference({name: dict(values) for name, values in self.values.items()}, self.archived)

    def hits(self, event: dict[str, str], now: datetime) -> set[tuple[str, str]]:
        """The lists that an event hits, each with the field."""
        return {
            (name, kind)
            for name, values in self.values.items()
            for text, (_, expires_at) in values.items()
            if name not in self.archived and (expires_at is None or now < expires_at)
            for kind in [LISTS[name]["kind"]]
            if kind in event and matches(LISTS[name].get("match", "value"), text, event[kind])
        }


def matches(match: str, text: str, value: str) -> bool:
    if match == "network":
        address = ipaddress.ip_address(value)
        return (getattr(address, "ipv4_mapped", None) or address) in ipaddress.ip_network(text)
    if match == "domain":
        host = value.rpartition("@")[2].removeprefix("https://").split("/")[0]
        return f".{host}".endswith(f".{text.removeprefix('.')}")
    return text == (hashlib.sha256(value.encode()).hexdigest() if match == "sha256" else value)


def change(reference: Reference, step: tuple[str, str, str, int | None], now: datetime) -> None:
    """Make a change through the services, and as plainly in the reference."""
    action, name, text, hours = step
    values = reference.values[name]
    if action == "define":
        defined(name, **LISTS[name])
        reference.archived -= {name}
    elif action == "archive":
        archive_list(name=name, reason="test", actor=ANA, now=now)
        reference.archived |= {name}
    elif action == "remove":
        remove_values(list_name=name, values=[text], reason="test", actor=ANA, now=now)
        del values[text]
    else:
        expires_at = now + hours * HOUR if hours else None
        if listed(name, text, until=expires_at, now=now).added:
            values[text] = (current_version(), expires_at)


def as_logged(event: dict[str, str]) -> dict[str, str]:
    return {**event, **({"ip": vault.digest_of("ip", event["ip"])} if "ip" in event else {})}


def index_hits(index: ListIndex, now: datetime, *, together: int) -> list[list[ListHit]]:
    """The hits of each event. `together`: from how many on they are looked up together."""
    fields = [as_logged(event) for event in EVENTS]
    names = index.fields_to_reveal("payment")
    revealed = vault.reveal({digest for each in fields for digest in digests_of(each, names)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(list_index, "MIN_LOOKED_UP_TOGETHER", together)
        return index.hits_of("payment", fields, revealed=revealed, now=now)


def indexes(version: int) -> Iterator[ListIndex]:
    """The lists of a version: folded entry by entry, all at once, and loaded from the table."""
    index = NO_LISTS
    for entry in iter_changes(until=version):
        index = index.after([entry])
    yield index
    yield NO_LISTS.after(iter_changes(until=version))
    yield load_index(version)


def check(version: int, reference: Reference, now: datetime) -> None:
    in_database = [find_hits("payment", as_logged(event), version=version, now=now) for event in EVENTS]
    for index in indexes(version):
        assert index_hits(index, now, together=2) == in_database
        assert index_hits(index, now, together=len(EVENTS) + 1) == in_database
        for event, told in zip(EVENTS, in_database, strict=True):
            assert {(hit.list, hit.field) for hit in told} == reference.hits(event, now)
            for hit in told:
                values = reference.values[hit.list].values()
                assert (hit.added, hit.expires_at) in values


@pytest.fixture
def addresses() -> None:
    """The events' addresses, in the vault as at their receipt."""
    vault.store(("ip", event["ip"]) for event in EVENTS if "ip" in event)


@pytest.mark.parametrize("merged_from", [0, 10_000])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(CHANGES, max_size=14), hours=st.integers(min_value=0, max_value=20))
def test_memory_database_and_reference_agree(
    addresses: None,
    monkeypatch: pytest.MonkeyPatch,
    merged_from: int,
    steps: list[tuple[str, str, str, int | None]],
    hours: int,
) -> None:
    monkeypatch.setattr(key_table, "MIN_MERGED", merged_from)
    with transaction.atomic():
        for name, given_fields in LISTS.items():
            defined(name, **given_fields)
        reference = Reference()
        history = {current_version(): reference.copy()}
        for place, step in enumerate(steps):
            try:
                change(reference, step, NOW + place * HOUR)
            except (InvalidListChange, ListArchived):
                continue  # a value that is not there, a list that is archived already
            history[current_version()] = reference.copy()
        for version in sorted(history)[-3:]:
            check(version, history[version], NOW + hours * HOUR)
        transaction.set_rollback(True)
