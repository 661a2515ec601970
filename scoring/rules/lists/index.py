"""All lists in memory, as of a version of the ruleset: what processes that decide look values up in.

It answers as the database does (`lookup.py`); a contract test holds the two together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.catalog.fields import Canonical
from scoring.log.entries import Entry
from scoring.rules.lists.definitions import ADDED, REMOVED, Definitions, ListDefinition, fold_definition
from scoring.rules.lists.hits import Listed, ListHit, hits_among, lists_by_kind
from scoring.rules.lists.key_table import NEVER, KeyEntry, KeyTable, first_halves
from scoring.rules.lists.keys import (
    EventKeys,
    Prefixes,
    event_keys,
    fields_to_reveal,
    keys_of_values,
    probes_of,
)
from scoring.rules.lists.models import value_id
from scoring.timestamps import from_iso, from_micros, to_micros

# The prefix lengths of the networks of a list, by version of IP; never fewer than are in use.
ListPrefixes = Mapping[str, Prefixes]
NO_TABLE = KeyTable()
MIN_LOOKED_UP_TOGETHER = 4  # events; fewer are faster looked up one by one
Fields = Mapping[str, Canonical]


@dataclass(frozen=True, slots=True)
class ListIndex:
    """The lists of a version of the ruleset; never changed, `after` gives the next one."""

    definitions: Definitions = field(default_factory=dict)
    tables: Mapping[str, KeyTable] = field(default_factory=dict)
    list_prefixes: ListPrefixes = field(default_factory=dict)
    # Derived from these, once.
    lists: Mapping[tuple[str, str], tuple[ListDefinition, ...]] = field(init=False, compare=False)
    held: frozenset[tuple[str, str]] = field(init=False, compare=False)
    prefixes: Mapping[str, Prefixes] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        lists = lists_by_kind(self.definitions)
        object.__setattr__(self, "lists", lists)
        object.__setattr__(self, "held", frozenset(lists))
        object.__setattr__(self, "prefixes", _by_kind(self.definitions, self.list_prefixes))

    def __len__(self) -> int:
        """The number of values, expired ones too."""
        return sum(map(len, self.tables.values()))

    def fields_to_reveal(self, type_name: str) -> tuple[str, ...]:
        """The personal fields of an event type whose raw values the lists need; mostly none."""
        return fields_to_reveal(type_name, self.held)

    def keys_of(
        self, type_name: str, fields: Mapping[str, Canonical], *, revealed: Mapping[str, str]
    ) -> EventKeys:
        """The keys to look up for an event; see `event_keys`."""
        return event_keys(type_name, fields, held=self.held, revealed=revealed, prefixes=self.prefixes)

    def hits(self, keys: EventKeys, now: datetime) -> list[ListHit]:
        """The values of an event that are on lists and have not expired `now`."""
        if not keys:
            return []
        now_us, tables = to_micros(now), self.tables

        def find(name: str, key: bytes) -> Listed | None:
            entry = tables.get(name, NO_TABLE).find(key)
            if entry is None or entry.expires_us <= now_us:
                return None
            expires = None if entry.expires_us == NEVER else from_micros(entry.expires_us)
            return Listed(entry.id, expires, entry.reason)

        return hits_among(keys, self.lists, find)

    def hits_of(
        self, type_name: str, events: Sequence[Fields], *, revealed: Mapping[str, str], now: datetime
    ) -> list[list[ListHit]]:
        """The hits of each event (its fields) `now`; `revealed` as for `event_keys`."""
        hits: list[list[ListHit]] = [[] for _ in events]
        for place in self._may_hit(type_name, events, revealed):
            keys = self.keys_of(type_name, events[place], revealed=revealed)
            hits[place] = self.hits(keys, now)
        return hits

    def _may_hit(
        self, type_name: str, events: Sequence[Fields], revealed: Mapping[str, str]
    ) -> Iterable[int]:
        """The places of the events that may hit a list: mostly few, found by all keys of a field at once."""
        if len(events) < MIN_LOOKED_UP_TOGETHER:
            return range(len(events))
        found: set[int] = set()
        for probe in probes_of(type_name, self.held):
            values = [fields.get(probe.field) for fields in events]
            for match in probe.matches:
                keys = keys_of_values(
                    probe, match, values, revealed=revealed, prefixes=self.prefixes.get(probe.kind, {})
                )
                found |= self._places_held((probe.kind, match), keys)
        return found

    def _places_held(self, holds: tuple[str, str], keys: Sequence[tuple[int, bytes]]) -> set[int]:
        """The places of the keys that lists of this kind and match may hold."""
        only_keys = [key for _, key in keys]
        high = first_halves(only_keys)
        return {
            keys[at][0]
            for definition in self.lists[holds]
            for at in self.tables.get(definition.name, NO_TABLE).may_hold(only_keys, high)
        }

    def after(self, entries: Iterable[Entry]) -> "ListIndex":
        """The index after further entries of the ruleset, in order; other rooms' are passed over."""
        definitions, prefixes = self.definitions, dict(self.list_prefixes)
        changes: dict[str, _Changes] = {}
        for entry in entries:
            definitions = fold_definition(definitions, entry)
            if entry.type == ADDED:
                name = entry.data["list"]
                changes.setdefault(name, _Changes()).add(entry)
                if definitions[name].match == "network":
                    prefixes[name] = _with_prefixes(prefixes.get(name, {}), entry.data["values"])
            elif entry.type == REMOVED:
                changes.setdefault(entry.data["list"], _Changes()).remove(entry)
        if definitions is self.definitions and not changes:
            return self
        changed = {
            name: self.tables.get(name, NO_TABLE).changed(each.added, each.removed)
            for name, each in changes.items()
        }
        return ListIndex(definitions, {**self.tables, **changed}, prefixes)


@dataclass(slots=True)
class _Changes:
    """What entries change on one list: the values that they add and leave there, and those they remove."""

    added: dict[bytes, KeyEntry] = field(default_factory=dict)
    removed: dict[bytes, int] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        for index, value in enumerate(entry.data["values"]):
            expires = value["expires_at"]
            self.added[bytes.fromhex(value["key"])] = KeyEntry(
                value_id(entry.stream_version, index),
                to_micros(from_iso(expires)) if expires else NEVER,
                value["reason"],
            )

    def remove(self, entry: Entry) -> None:
        for value in entry.data["values"]:
            key = bytes.fromhex(value["key"])
            if self.added.pop(key, None) is None:
                self.removed[key] = value_id(value["added"], value["index"])


def _by_kind(definitions: Definitions, list_prefixes: ListPrefixes) -> dict[str, Prefixes]:
    """The prefix lengths to look up of each kind, longest first."""
    found: dict[str, dict[int, set[int]]] = {}
    for name, prefixes in list_prefixes.items():
        of_kind = found.setdefault(definitions[name].kind, {4: set(), 6: set()})
        for version, lengths in prefixes.items():
            of_kind[version].update(lengths)
    return {
        kind: {version: tuple(sorted(lengths, reverse=True)) for version, lengths in prefixes.items()}
        for kind, prefixes in found.items()
    }


def _with_prefixes(prefixes: Prefixes, values: Iterable[Mapping[str, Any]]) -> Prefixes:
    lengths = {4: set(prefixes.get(4, ())), 6: set(prefixes.get(6, ()))}
    for value in values:
        network, _, length = value["value"].partition("/")
        if length:
            lengths[6 if ":" in network else 4].add(int(length))
    return lengths


NO_LISTS = ListIndex()
