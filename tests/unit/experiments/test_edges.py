"""Edge cases: the unit of an experiment, rows without a difference, units without decisions."""

from collections.abc import Callable

import numpy as np
import pytest

from experiments import projections
from experiments.design import lifecycle as services
from experiments.design.lifecycle import unit_of
from experiments.metrics import METRICS
from experiments.results.aggregates import ArmSums
from experiments.results.compute import describe
from experiments.results.conclusions import conclude
from experiments.results.metric_format import limits_of
from experiments.results.metric_rows import metric_rows
from experiments.statistics.comparisons import compare
from experiments.statistics.estimates import UNITS_FOR_A_SHARE, UNITS_FOR_AN_AMOUNT, estimate_total
from experiments.statistics.moments import Moments
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.log.entries import NewEntry
from tests.contract.test_experiment_statistics import busy_customers, single_decisions
from tests.factories.log import as_read
from tests.unit.experiments.test_conclusions import FEWER, arm, experiment, result


class Post(EventType):
    name, lane = "post_of_experiments", "posts_of_experiments"
    device = Entity(optional=True)
    author = Entity()
    customer = Entity(optional=True)


class Visit(EventType):
    name, lane = "visit_of_experiments", "visits_of_experiments"
    device = Entity(optional=True)
    session = Entity(optional=True)


@pytest.mark.parametrize(("kind", "unit"), [(Post, "author"), (Visit, "device")])
def test_the_unit_is_a_required_entity_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, kind: type[EventType], unit: str
) -> None:
    monkeypatch.setattr(services, "find_event_type", lambda name: kind)
    assert unit_of(kind.name) == unit


def test_the_unit_is_the_customer_where_every_event_has_one() -> None:
    assert unit_of("payment") == "customer"


def test_a_row_without_a_difference_is_drawn_in_the_middle() -> None:
    waiting = {line.metric.name: line for line in metric_rows(experiment(), FEWER)}["loss"]
    assert (waiting.point, waiting.span, waiting.always_span) == (50, None, None)
    assert (waiting.interval, waiting.always, waiting.difference) == ("", "", "-")


def test_a_difference_is_drawn_on_its_own_side() -> None:
    less, more = (arm(block_rate=150), arm(block_rate=300))
    [fewer] = [line for line in metric_rows(experiment(), result(more, less)) if line.primary]
    [oftener] = [line for line in metric_rows(experiment(), result(less, more)) if line.primary]
    assert fewer.point < 50 < oftener.point
    assert oftener.span is not None
    assert oftener.span.low < oftener.point < oftener.span.high


def test_an_ended_experiment_is_not_called_too_early() -> None:
    few = result(arm(block_rate=3), arm(block_rate=1))
    ended = experiment(state="stopped")
    assert conclude(experiment(), few).sentence.startswith("Too early to say")
    assert conclude(ended, few).sentence.startswith("Inconclusive: too few customers")


def test_an_estimate_without_limits_has_none() -> None:
    assert limits_of(None) is None
    assert limits_of({"low": None, "high": None}) is None
    assert limits_of({"low": 0.0, "high": 0.5}) == (0.0, 0.5)


def test_units_with_a_zero_denominator_are_left_out() -> None:
    assert Moments.of([3, 0, 1], [4, 0, 1]) == Moments.of([3, 1], [4, 1])


def test_the_limits_of_a_lift_are_equally_far_as_ratios() -> None:
    found = compare(single_decisions(200, 2000), single_decisions(260, 2000), share=True, planned_units=4000)
    assert found is not None
    assert found.lift is not None
    assert (found.lift.high + 1) / 1.3 == pytest.approx(1.3 / (found.lift.low + 1))
    assert found.lift.low < 0.3 < found.lift.high


@pytest.mark.parametrize(
    ("units", "method"), [(UNITS_FOR_A_SHARE, "normal"), (UNITS_FOR_A_SHARE - 1, "exact")]
)
def test_ten_units_with_the_event_and_ten_without_allow_a_normal_approximation(
    units: int, method: str
) -> None:
    assert UNITS_FOR_A_SHARE == 10
    for hits in (units, 200 - units):
        found = compare(
            single_decisions(hits, 200), single_decisions(100, 200), share=True, planned_units=400
        )
        assert found is not None
        assert found.difference.method == method


@pytest.mark.parametrize(("units", "method"), [(30, "normal"), (29, "none")])
def test_thirty_units_with_a_loss_allow_an_interval(units: int, method: str) -> None:
    assert UNITS_FOR_AN_AMOUNT == 30
    y = np.zeros(500)
    y[:units] = 1_000
    assert estimate_total(Moments.of(y, np.ones(500))).method == method


def test_the_interval_of_a_total_is_never_negative() -> None:
    y = np.zeros(5_000)
    y[:30] = [1] * 29 + [1e6]
    found = estimate_total(Moments.of(y, np.ones(5_000)))
    assert found.low == 0
    assert found.high is not None
    assert found.low < found.value < found.high


def test_fishers_test_counts_the_rarer_side() -> None:
    """Customers with many decisions mostly have both: rare are those with only one kind."""
    n = np.full(60, 5)
    few, many = (np.where(np.arange(60) < hits, 1, 0) for hits in (2, 9))
    rare = compare(Moments.of(few, n), Moments.of(many, n), share=True, planned_units=120)
    mirrored = compare(Moments.of(n - few, n), Moments.of(n - many, n), share=True, planned_units=120)
    assert rare is not None
    assert mirrored is not None
    assert rare.p_value == pytest.approx(mirrored.p_value)
    assert 0.01 < (rare.p_value or 0) < 0.1


def test_results_keep_the_arms_apart() -> None:
    def sums(units: int, rate: float) -> ArmSums:
        y, n = busy_customers(units, units, rate=rate)
        moments = {metric.name: Moments.of(y, n) for metric in METRICS}
        return ArmSums(units, {"decisions": int(n.sum())}, moments)

    found = describe({"control": sums(700, 0.1), "treatment": sums(300, 0.4)}, share=0.3, planned_units=1_000)
    assert found["sample_ratio"]["observed"] == 0.3
    assert not found["sample_ratio"]["alarm"]
    blocks = found["metrics"]["block_rate"]
    assert blocks["comparison"]["difference"]["value"] > 0.2
    assert blocks["units"] == {"control": 700, "treatment": 300}
    arms = {name: found["value"] for name, found in blocks["arms"].items()}
    assert arms["treatment"] > arms["control"]
    assert blocks["comparison"]["lift"]["value"] == pytest.approx(arms["treatment"] / arms["control"] - 1)


@pytest.mark.parametrize("fold", [projections.stopped, projections.interrupted])
def test_an_end_without_a_start_is_refused(fold: Callable[..., object]) -> None:
    said = {"by": "user/ana", "reason": "enough", "why": "enough", "winner": None}
    entry = as_read(NewEntry("experiment/trees", 0, "experiment.stopped", said))
    with pytest.raises(ValueError, match="experiment/trees ends before it starts"):
        fold(None, entry)
