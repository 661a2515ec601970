"""What decisions and labels add to the windows of a route's models: a table."""

from datetime import timedelta
from typing import Any

import pytest

from monitoring.windows.arms import SUMS, ArmHour, RouteHistory, count_arms
from monitoring.windows.hourly import to_hour
from scoring.log.entries import Entry
from scoring.registry.routes import CANARY, arm_for, table_from
from tests.factories.log import NOW, as_read, decided, labeled, received, route_changed

ARMS = [
    {"name": "champion", "model": "payment-1", "role": "champion", "share": 0.5},
    {"name": "canary", "model": "payment-2", "role": "canary", "share": 0.5},
]
ROUTE = [as_read(route_changed(1, unit="card"), position=1), as_read(route_changed(2, arms=ARMS), position=2)]
ROUTES = {"payment": RouteHistory(ROUTE)}
TABLE = table_from(ROUTE[-1])


def customer_of(role: str) -> str:
    """The first customer whose events go to the model with this role."""
    return next(name for name in map(str, range(99)) if arm_for(TABLE, name).role == role)


def decision(role: str = CANARY, *, position: int = 7, **data: Any) -> Entry:
    event = as_read(received("T-1"), position=5)
    routed = {"route": 2, "unit": customer_of(role), "model": "payment-2", "arm": role}
    return as_read(decided(event, **{**routed, **data}), position=position)


def counted(*entries: Entry, **given: Any) -> dict[str, dict[str, int]]:
    """The sums other than 0 by model."""
    arguments: dict[str, Any] = {"routes": ROUTES, "receipts": {}, "decisions": {}} | given
    found = count_arms(entries, **arguments)
    assert all(hour.start == to_hour(NOW) and hour.event_type == "payment" for hour in found)
    return {
        hour.model: {name: count for name, count in counts.sums.items() if count}
        for hour, counts in found.items()
    }


FELL_BACK = {"basis": "fallback", "score": None}

DECISIONS: list[tuple[str, dict[str, Any], dict[str, dict[str, int]]]] = [
    ("the canary decides", {}, {"payment-2": {"decided": 1, "waited": 1}}),
    (
        "the champion decides",
        {"role": "champion", "model": "payment-1"},
        {"payment-1": {"decided": 1, "waited": 1}},
    ),
    (
        "the champion decides in place of the canary",
        {"model": "payment-1"},
        {"payment-2": {"failed": 1, "waited": 1}},
    ),
    (
        "no model decides because it failed",
        {"model": "payment-1", "cause": "model_failed", **FELL_BACK},
        {"payment-2": {"failed": 1, "waited": 1}},
    ),
    (
        "no model decides for another cause",
        {"model": "", "cause": "online_store_unavailable", **FELL_BACK},
        {"payment-2": {"waited": 1}},
    ),
    ("nobody waits", {"waited": False}, {"payment-2": {"decided": 1}}),
    ("a block", {"outcome": "block"}, {"payment-2": {"decided": 1, "blocked": 1, "waited": 1}}),
    (
        "a would-be block that a breaker held",
        {"outcome": "review", "initial": "block"},
        {"payment-2": {"decided": 1, "blocked": 1, "waited": 1}},
    ),
    (
        "a block by the champion counts for neither",
        {"outcome": "block", "model": "payment-1"},
        {"payment-2": {"failed": 1, "waited": 1}},
    ),
    ("under a version of the route that is unknown", {"route": 3}, {}),
    (
        "under the first version",
        {"route": 1, "model": "payment-1"},
        {"payment-1": {"decided": 1, "waited": 1}},
    ),
]


@pytest.mark.parametrize(("what", "data", "expected"), DECISIONS)
def test_a_decision(what: str, data: dict[str, Any], expected: dict[str, dict[str, int]]) -> None:
    assert counted(decision(**data)) == expected, what


def test_a_timeout_counts_for_the_model_that_was_to_decide() -> None:
    """Decided by the web process, without a route: the receipt names the unit."""
    not_routed = {"route": None, "unit": "", "model": "", "cause": "timeout", **FELL_BACK}
    receipt = as_read(received("T-1", customer=customer_of(CANARY)), position=5)
    assert counted(decision(**not_routed), receipts={5: receipt}) == {"payment-2": {"waited": 1}}
    assert counted(decision(**not_routed)) == {}
    assert counted(decision(position=0, **not_routed), receipts={5: receipt}) == {}  # before any route


def test_scores_and_latencies_are_collected() -> None:
    entry = decision(score=0.75, decided_at=NOW + timedelta(milliseconds=20))
    [counts] = count_arms([entry], routes=ROUTES, receipts={}, decisions={}).values()
    assert (counts.scores, counts.latencies) == ([0.75], [20_000])


LABELS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, int]]] = [
    ("a block was right", {"outcome": "block"}, {"effective": "fraud"}, {"right_blocks": 1}),
    ("a block was wrong", {"outcome": "block"}, {"effective": "legitimate"}, {"wrong_blocks": 1}),
    (
        "a label is corrected",
        {"outcome": "block"},
        {"previous": "legitimate", "effective": "fraud"},
        {"right_blocks": 1, "wrong_blocks": -1},
    ),
    (
        "a label is retracted",
        {"outcome": "block"},
        {"previous": "fraud", "effective": None},
        {"right_blocks": -1},
    ),
    ("of an event that was not blocked", {}, {"effective": "fraud"}, {}),
    ("of a block by the other model", {"outcome": "block", "model": "payment-1"}, {"effective": "fraud"}, {}),
]


@pytest.mark.parametrize(("what", "made", "label", "expected"), LABELS)
def test_a_label(what: str, made: dict[str, Any], label: dict[str, Any], expected: dict[str, int]) -> None:
    stream = "payment/shop/T-1"
    entry = as_read(labeled(stream, **label), position=9)
    found = counted(entry, decisions={stream: decision(**made)}).get("payment-2", {})
    assert found == expected, what
    later = entry._replace(position=6)  # a label before the decision, which is then not yet made
    assert counted(later, decisions={stream: decision(**made)}) == {}


def test_a_window_is_named_by_type_version_model_and_hour() -> None:
    [hour] = count_arms([decision()], routes=ROUTES, receipts={}, decisions={})
    assert hour == ArmHour("payment", 2, "payment-2", to_hour(NOW))
    assert set(SUMS) == {"decided", "failed", "blocked", "right_blocks", "wrong_blocks", "waited"}
