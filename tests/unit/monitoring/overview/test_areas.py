"""The areas of the overview: a verdict in words, three figures, and the user's own area first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitoring.drift.distance import State
from monitoring.models import ModelPerformance
from monitoring.overview.areas import MODELS, OPERATIONS, REVIEW, Area, areas
from monitoring.overview.facts import CaseQueue, Champion, Facts, OwnWork, PendingEvents
from monitoring.overview.tiles import Tile
from scoring.log.consumers.status import ConsumerHealth
from scoring.registry.models import Route
from scoring.rules.rules_only.models import RulesOnlySwitch
from tests.factories.log import NOW
from tests.unit.monitoring.overview.test_attention import QUIET, WELL, report, slow_minute

CHAMPION = Champion(Route(event_type="payment"), "payment-1", None)
MODELS_FACTS = replace(QUIET, champions=[CHAMPION], drifts=[report(State.STABLE)], performance=[])
OPERATED = replace(QUIET, pending=PendingEvents(ready=2, oldest=NOW, parked=0), alerts=[])


def link(page: str, *arguments: object, query: str = "") -> str:
    return f"/{page}/{query}"


def area(name: str, facts: Facts) -> Area:
    [found] = [each for each in areas(facts, link, order=(REVIEW, MODELS, OPERATIONS)) if each.name == name]
    return found


def figure(name: str, label: str, facts: Facts) -> Tile:
    [found] = [tile for tile in area(name, facts).tiles if tile.label == label]
    return found


def performance(**columns: Any) -> list[ModelPerformance]:
    known = {"model": "payment-1", "event_type": "payment", "loss": [0.02, -0.05, 0.1], "concept": {}}
    return [ModelPerformance(**(known | columns))]


def test_what_the_user_may_not_see_is_left_out_and_the_order_is_kept() -> None:
    assert areas(QUIET, link, order=(REVIEW, MODELS, OPERATIONS)) == []
    both = replace(OPERATED, champions=[CHAMPION])
    assert [each.name for each in areas(both, link, order=(MODELS, OPERATIONS, REVIEW))] == [
        MODELS,
        OPERATIONS,
    ]
    assert [each.name for each in areas(both, link, order=(OPERATIONS, MODELS, REVIEW))] == [
        OPERATIONS,
        MODELS,
    ]


def test_an_analyst_sees_the_queue_what_is_overdue_and_own_cases() -> None:
    queue = CaseQueue(pending=12, held=3, oldest=NOW - timedelta(hours=30), overdue=2)
    facts = replace(QUIET, queue=queue, own_work=OwnWork(claimed=1, decided=7))
    found = area(REVIEW, facts)
    assert [(tile.label, tile.value) for tile in found.tiles] == [
        ("Queue", "12"),
        ("Overdue", "2"),
        ("Your cases", "1"),
    ]
    assert (found.tone, found.verdict) == ("warn", "look at overdue")
    assert found.tiles[2].note == "claimed now; 7 decided today"
    well = area(REVIEW, replace(facts, queue=replace(queue, overdue=0)))
    assert (well.tone, well.verdict) == ("good", "all right")


def test_models_decide_or_are_switched_off() -> None:
    assert figure(MODELS, "Deciding", MODELS_FACTS).value == "1 of 1"
    off = figure(
        MODELS, "Deciding", replace(MODELS_FACTS, rules_only=[RulesOnlySwitch(event_type="payment", on=True)])
    )
    assert (off.value, off.note, off.tone) == ("0 of 1", "rules only: payment", "warn")
    assert off.href == "/rules_only/"


def test_drift_that_matters_is_named() -> None:
    assert figure(MODELS, "Drift", MODELS_FACTS).value == "none that matters"
    drifted = replace(MODELS_FACTS, drifts=[report(State.SHIFTED, State.STABLE)])
    assert (figure(MODELS, "Drift", drifted).value, area(MODELS, drifted).verdict) == (
        "payment-1",
        "look at drift",
    )


@pytest.mark.parametrize(
    ("found", "value", "tone"),
    [
        ([], "not known yet", ""),
        (performance(loss=[]), "not known yet", ""),
        (performance(), "as promised", "good"),
        (performance(loss=[0.3, 0.1, 0.4]), "30\N{NO-BREAK SPACE}% lost", "warn"),
        (performance(loss=[0.3, -0.1, 0.7]), "as promised", "good"),
        (performance(concept={"worse": True, "since": "2026-02-01T00:00:00Z"}), "concept drift", "bad"),
    ],
    ids=["never measured", "no labels", "as promised", "worse", "may be chance", "concept drift"],
)
def test_performance_is_as_promised_worse_or_not_known(
    found: list[ModelPerformance], value: str, tone: str
) -> None:
    shown = figure(MODELS, "Performance", replace(MODELS_FACTS, performance=found))
    assert (shown.value, shown.tone) == (value, tone)


def test_an_operator_sees_consumers_latency_entries_and_alerts() -> None:
    found = area(OPERATIONS, OPERATED)
    assert [(tile.label, tile.value, tile.tone) for tile in found.tiles] == [
        ("Consumers", "up to date", "good"),
        ("Latency", "-", ""),
        ("Pending entries", "2", "good"),
        ("Alerts", "none", "good"),
    ]
    stopped = ConsumerHealth("reviews.cases", error="KeyError", failed_position=7, ran_at=NOW, lag=0)
    trouble = replace(
        OPERATED,
        consumers=[WELL, stopped],
        minutes=[slow_minute(5_000_000)],
        pending=PendingEvents(ready=9, oldest=NOW - timedelta(minutes=2), parked=1),
    )
    assert area(OPERATIONS, trouble).verdict == "look at consumers, latency, pending entries"
    assert area(OPERATIONS, trouble).tone == "bad"
    assert figure(OPERATIONS, "Consumers", trouble).note == "reviews.cases"


def test_consumers_that_do_not_run_are_not_up_to_date() -> None:
    late = replace(OPERATED, consumers=[WELL._replace(ran_at=NOW - timedelta(minutes=50))])
    shown = figure(OPERATIONS, "Consumers", late)
    assert (shown.value, shown.note, shown.tone) == (
        "not running",
        "none has read the log for 50 min",
        "bad",
    )
    never = replace(OPERATED, consumers=[WELL._replace(ran_at=None)])
    assert figure(OPERATIONS, "Consumers", never).note == "none has run yet"
