"""What lists said about logged decisions, each as of its own version of the ruleset and time; in bulk."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from scoring.log import vault
from scoring.rules.lists.definitions import Definitions
from scoring.rules.lists.hits import Listed, ListHit, hits_among, lists_by_kind
from scoring.rules.lists.keys import digests_of, event_keys, fields_to_reveal
from scoring.rules.lists.models import ListedValue


class PastEvent(NamedTuple):
    """An event as it was decided at `now` under `version` of the ruleset, with that version's lists."""

    event_type: str
    fields: Mapping[str, Any]
    lists: Definitions
    version: int
    now: datetime


class PastRow(NamedTuple):
    """A value on a list, with the versions between which it was there."""

    listed: Listed
    added: int
    removed: int | None

    def holds(self, event: PastEvent) -> bool:
        expires_at = self.listed.expires_at
        there = self.added <= event.version and (self.removed is None or self.removed > event.version)
        return there and (expires_at is None or expires_at > event.now)


Rows = Mapping[tuple[str, bytes], Sequence[PastRow]]


class PastHits(NamedTuple):
    """The hits of an event. `why_not`: why they cannot be known, "" if they can."""

    hits: Sequence[ListHit]
    why_not: str = ""


def find_past_hits(events: Sequence[PastEvent]) -> list[PastHits]:
    """The hits of each event, in two queries for all of them; none if no version has lists.

    They cannot be known once a personal value that a list reads (for its network, domain or hash) is erased.
    """
    lists = [lists_by_kind(event.lists) for event in events]
    needed = [
        fields_to_reveal(event.event_type, frozenset(each)) for event, each in zip(events, lists, strict=True)
    ]
    revealed = _revealed(events, needed)
    keys = [
        event_keys(event.event_type, event.fields, held=frozenset(each), revealed=revealed)
        for event, each in zip(events, lists, strict=True)
    ]
    rows = _rows({key.key for of_event in keys for of_field in of_event.values() for key in of_field})
    found = []
    for event, of_event, names, by_kind in zip(events, keys, needed, lists, strict=True):
        if why_not := _erased(event, names, revealed):
            found.append(PastHits((), why_not))
        else:
            found.append(PastHits(hits_among(of_event, by_kind, _finder(event, rows))))
    return found


def _finder(event: PastEvent, rows: Rows) -> Any:
    def find(name: str, key: bytes) -> Listed | None:
        return next((row.listed for row in rows.get((name, key), ()) if row.holds(event)), None)

    return find


def _revealed(events: Sequence[PastEvent], needed: Sequence[Sequence[str]]) -> dict[str, str]:
    digests = set[str]()
    for event, names in zip(events, needed, strict=True):
        digests |= digests_of(event.fields, names)
    return vault.reveal(digests) if digests else {}


def _erased(event: PastEvent, names: Sequence[str], revealed: Mapping[str, str]) -> str:
    for name in names:
        if name in event.fields and event.fields[name] not in revealed:
            return f"{name} was erased, and a list that held then needs its value"
    return ""


def _rows(keys: set[bytes]) -> Rows:
    rows: dict[tuple[str, bytes], list[PastRow]] = defaultdict(list)
    if not keys:
        return rows
    columns = ("list_name", "key", "id", "expires_at", "reason", "added_version", "removed_version")
    stored = ListedValue.objects.filter(key__in=sorted(keys)).values_list(*columns)
    for name, key, number, expires_at, reason, added, removed in stored:
        rows[name, bytes(key)].append(PastRow(Listed(number, expires_at, reason), added, removed))
    return rows
