"""What each user has searched for, as entries of the log: an audit record, and a list of recent queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reviews.investigation.query.query import Query
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version, read_versions
from scoring.log.retry import append_retrying

SEARCHED = "investigation.searched"
MAX_RECENT = 10
READ = 40  # entries, among which queries repeat


@dataclass(frozen=True, slots=True)
class PastQuery:
    """A query that a user asked. `parameters` as in the address of its page."""

    parameters: Mapping[str, str]
    matched: int
    asked_at: datetime


def record_search(query: Query, *, matched: int, user_name: str, now: datetime) -> None:
    """Record what a user searched for, unless it is what they searched for last: pages of one result."""
    data = {"parameters": query.parameters(), "matched": matched}
    append_retrying(lambda: _append(data, user_name=user_name, now=now))


def recent_queries(user_name: str) -> list[PastQuery]:
    """The user's latest different conditions, the newest first."""
    found: dict[tuple[str, str], PastQuery] = {}
    for entry in reversed(_latest(user_name, READ)):
        if entry.type == SEARCHED:
            given = entry.data["parameters"]
            past = PastQuery(given, entry.data["matched"], entry.recorded_at)
            found.setdefault((given["type"], given.get("q", "")), past)
    return [each for each in found.values() if each.parameters.get("q")][:MAX_RECENT]


def _latest(user_name: str, count: int) -> list[Entry]:
    stream = _stream(user_name)
    return read_versions(stream, after=max(last_version(stream) - count, 0), limit=count)


def _append(data: Mapping[str, Any], *, user_name: str, now: datetime) -> None:
    stream = _stream(user_name)
    version = last_version(stream)
    latest = _latest(user_name, 1)
    if latest and latest[0].type == SEARCHED and latest[0].data["parameters"] == data["parameters"]:
        return
    metadata = {"actor": f"user/{user_name}"}
    append(
        [NewEntry(stream=stream, expected_version=version, type=SEARCHED, data=data, metadata=metadata)],
        now=now,
    )


def _stream(user_name: str) -> str:
    return f"investigation/{user_name}"
