"""The ruleset: one stream of the log with every change of lists, rules, policies, exploration and breakers.

Its version is the number of changes so far, so a decision that names version N was made under exactly the
first N changes. Lanes learn the version with every claim (scoring/lanes/claim.sql).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_versions
from scoring.log.retry import append_retrying
from scoring.sql.advisory_locks import LockSpace, lock_until_commit

STREAM = "ruleset"
BATCH = 500  # changes read at a time

_VERSION = "SELECT coalesce(max(stream_version), 0) FROM scoring_logentry WHERE stream = %s"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the ruleset: the type and the data of its entry."""

    type: str
    data: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)


def current_version() -> int:
    """The number of changes so far; 0 for an installation that has configured nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [STREAM])
        return int(cursor.fetchone()[0])


def append_changes(changes: Sequence[Change], *, actor: str, now: datetime) -> list[Entry]:
    """Append changes that depend on nothing stored, all or none; returns their entries."""
    return change_ruleset(lambda: changes, actor=actor, now=now)


def change_ruleset(build: Callable[[], Sequence[Change]], *, actor: str, now: datetime) -> list[Entry]:
    """Append the changes that `build` returns, all or none; returns their entries, none for no changes.

    `build` reads what is stored and raises what the change must not violate. Changes wait for each other, so
    what it has read still holds when its changes are appended, and a long import starves no other change.
    """

    def step() -> list[Entry]:
        lock_until_commit(LockSpace.RULESET, STREAM)
        version = current_version()
        changes = build()
        entries = [
            NewEntry(
                stream=STREAM,
                expected_version=version + place,
                type=change.type,
                data=change.data,
                metadata={"actor": actor, **change.metadata},
            )
            for place, change in enumerate(changes)
        ]
        return append(entries, now=now) if entries else []

    return append_retrying(step)


def iter_changes(
    *, after: int = 0, until: int | None = None, types: Collection[str] | None = None
) -> Iterator[Entry]:
    """The changes with versions in (after, until], in order; of these types, or of all."""
    last = after
    while entries := read_versions(STREAM, after=last, until=until, types=types, limit=BATCH):
        yield from entries
        last = entries[-1].stream_version
