"""Which models of a route are watched: a table of routes."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.guardrails.deployments import watched
from scoring.log.entries import Entry

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def change(version: int, champion: str, canary: str = "", reason: str = "promoted") -> Entry:
    """The version of a route, an hour after the one before."""
    arms = [{"name": "champion", "model": champion, "role": "champion", "share": 0.9 if canary else 1.0}]
    if canary:
        arms.append({"name": "canary", "model": canary, "role": "canary", "share": 0.1})
    return Entry(
        position=version,
        epoch=1,
        txid=version,
        stream="route/payment",
        stream_version=version,
        type="route.changed",
        schema_version=1,
        data={
            "event_type": "payment",
            "salt": "s",
            "unit": "card",
            "arms": arms,
            "reason": reason,
            "experiment": "",
        },
        packed=None,
        metadata={},
        recorded_at=START + version * HOUR,
    )


ROLLED_BACK = "rolled back: 60 of 62 events would be blocked"

TABLE = [
    ("no route", [], []),
    ("the first champion has nothing to go back to", [("a",)], []),
    ("a new champion, against the one before", [("a",), ("b",)], [("b", "champion", 2, "a")]),
    ("a canary, against the champion", [("a",), ("a", "b")], [("b", "canary", 2, "a")]),
    (
        "a growing canary keeps its start",
        [("a",), ("a", "b"), ("a", "b"), ("a", "b")],
        [("b", "canary", 2, "a")],
    ),
    (
        "a canary that was stopped and started again is a new one",
        [("a",), ("a", "b"), ("a", "", "canary stopped"), ("a", "b")],
        [("b", "canary", 4, "a")],
    ),
    (
        "a canary that became champion is watched as such",
        [("a",), ("a", "b"), ("b",)],
        [("b", "champion", 3, "a")],
    ),
    ("what a rollback restored is not", [("a",), ("b",), ("a", "", ROLLED_BACK)], []),
    (
        "a model that was rolled back and promoted again is",
        [("a",), ("b",), ("a", "", ROLLED_BACK), ("b",)],
        [("b", "champion", 4, "a")],
    ),
    (
        "both at once",
        [("a",), ("b",), ("b", "c")],
        [("b", "champion", 2, "a"), ("c", "canary", 3, "b")],
    ),
]


@pytest.mark.parametrize(("what", "steps", "expected"), TABLE)
def test_what_is_watched(
    what: str, steps: list[tuple[str, ...]], expected: list[tuple[str, str, int, str]]
) -> None:
    entries = [change(version, *step) for version, step in enumerate(steps, start=1)]
    found = watched(entries, watch_hours=24, now=START + 10 * HOUR)
    assert [(each.model, each.role, each.since_route, each.control) for each in found] == expected, what
    assert all(each.since == START + each.since_route * HOUR for each in found)


def test_a_champion_is_new_for_some_hours_and_a_canary_always() -> None:
    entries = [change(1, "a"), change(2, "b"), change(3, "b", "c")]
    found = watched(entries, watch_hours=4, now=START + 6 * HOUR)
    assert [each.model for each in found] == ["b", "c"]
    found = watched(entries, watch_hours=4, now=START + 6 * HOUR + timedelta(seconds=1))
    assert [each.model for each in found] == ["c"]
