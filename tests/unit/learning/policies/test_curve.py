"""Curves over the threshold, and thresholds for a capacity."""

from datetime import UTC, datetime

import numpy as np
import pytest

from scoring.catalog.outcomes import BASIC_OUTCOMES
from scoring.learning.policies.capacity import RecentScores, check_capacity, terms_by_capacity
from scoring.learning.policies.curve import MAX_POINTS, measure_curve, threshold_for_capacity
from scoring.learning.policies.plots import Standing, curve_plots, threshold_of
from scoring.rules.policies.costs import NEVER
from scoring.rules.policies.policy import FIXED, Terms
from tests.factories.judged import judged
from tests.unit.learning.policies.test_effect import FIXED_TERMS, effect_of, policy

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_each_point_separates_the_events_at_or_above_it() -> None:
    curve = measure_curve(judged())
    assert curve.threshold.tolist() == [0.95, 0.9, 0.6, 0.3, 0.1, 0.05, 0.01]
    assert curve.precision[:4] == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve.recall[:3] == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    assert curve.events[-1] == 7
    assert curve.good[-1] == 4
    assert (curve.caught[-1], curve.refused[-1]) == (61_000, 38_000)


def test_tied_scores_enter_together() -> None:
    curve = measure_curve(judged([(0.5, True, 1), (0.5, False, 1), (0.2, False, 1)]))
    assert curve.threshold.tolist() == [0.5, 0.2]
    assert curve.precision.tolist() == [0.5, pytest.approx(1 / 3)]


def test_many_scores_are_thinned_with_both_ends() -> None:
    events = [(place / 5_000, place % 7 == 0, 1) for place in range(5_000)]
    curve = measure_curve(judged(events))
    assert len(curve.threshold) <= MAX_POINTS
    assert (curve.threshold[0], curve.threshold[-1]) == (4_999 / 5_000, 0)
    assert curve.events[-1] == pytest.approx(5_000)
    assert curve.recall[-1] == pytest.approx(1)


def test_no_events_are_no_curve() -> None:
    curve = measure_curve(judged(), np.zeros(7, dtype=bool))
    assert (len(curve.threshold), threshold_of(curve, 3)) == (0, NEVER)
    assert all(plot.empty for plot in curve_plots(curve, [], currency="USD"))


def test_a_policy_stands_where_as_many_events_are_blocked() -> None:
    curve = measure_curve(judged())
    effect = effect_of(policy(terms=FIXED_TERMS))
    assert threshold_of(curve, effect.block.events) == 0.9
    assert threshold_of(curve, 0) == NEVER
    quality, money, volume = curve_plots(curve, [Standing("Now", effect, "block")], currency="USD")
    assert quality.series[-1].points == [(0.9, 0.5), (0.9, pytest.approx(1 / 3))]
    assert money.series[-1].points == [(0.9, 50_000), (0.9, 20_000)]
    assert volume.series[-1].points == [(0.9, 2), (0.9, 1)]
    assert {plot.series[-1].label for plot in (quality, money, volume)} == {"Now"}


def test_a_policy_that_blocks_nothing_stands_nowhere() -> None:
    effect = effect_of(policy(terms=Terms(FIXED, {"review": 0.3})))
    plots = curve_plots(measure_curve(judged()), [Standing("Now", effect, "series-2")], currency="USD")
    assert all(len(plot.series) == 2 for plot in plots)


@pytest.mark.parametrize(
    ("cases", "threshold"),
    [(0, NEVER), (1, 0.8), (2, 0.7), (3, 0.7), (4, 0.5), (6, 0.05), (100, 0.05)],
)
def test_a_capacity_gives_the_lowest_threshold_that_it_allows(cases: int, threshold: float) -> None:
    score = np.array([0.95, 0.8, 0.7, 0.5, 0.5, 0.06, 0.01])  # the first one is blocked
    given = threshold_for_capacity(score, np.ones(7), days=1, cases_a_day=cases, below=0.9)
    assert given == threshold


def recent(model: str = "payment-1", scale: float = 1.0) -> RecentScores:
    score = np.linspace(0.001, 0.999, 1_000)
    return RecentScores(score, np.full(1_000, scale), 10.0, NOW, NOW, model, held_out=False)


def test_a_capacity_is_stored_with_what_it_was_computed_from() -> None:
    terms = terms_by_capacity(recent(), cases_a_day=10, thresholds={"block": 0.9}, outcomes=BASIC_OUTCOMES)
    assert terms.thresholds == {"block": 0.9, "review": pytest.approx(0.8, abs=0.002)}
    assert terms.capacity is not None
    assert (terms.capacity.events, terms.capacity.model) == (1_000, "payment-1")
    assert recent().reviews_a_day(terms.thresholds["review"], 0.9) <= 10


def test_thresholds_by_capacity_are_out_of_date_when_scores_or_the_model_have_changed() -> None:
    terms = terms_by_capacity(recent(), cases_a_day=10, thresholds={"block": 0.9}, outcomes=BASIC_OUTCOMES)
    assert not check_capacity(terms, recent(), BASIC_OUTCOMES).is_outdated
    more, fewer, other = (
        check_capacity(terms, now, BASIC_OUTCOMES).why_outdated
        for now in (recent(scale=2.0), recent(scale=0.5), recent("payment-2"))
    )
    assert more == "they send 20 events a day to review, more than the 10 planned"
    assert fewer == "they send only 5 events a day to review, of the 10 planned"
    assert other == "they were computed from scores of payment-1, and payment-2 decides now"
