"""Weighted shares: the estimate, its interval against simulation, and the published special case."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from scoring.learning.metrics.weighted_shares import (
    effective_size,
    effective_text,
    threshold_intervals,
    weighted_share,
)


def test_without_weights_it_is_the_interval_of_clopper_and_pearson_for_a_few_events_less():
    """Student's t in place of the normal quantile makes 400 events as many as 398."""
    hit = np.arange(400) < 60
    found = weighted_share(hit, among=np.ones(400, dtype=bool))
    exact = binomtest(60, 400).proportion_ci(method="exact")
    assert found.estimate == 0.15
    assert (found.low, found.high) == (
        pytest.approx(exact.low, abs=0.001),
        pytest.approx(exact.high, abs=0.001),
    )
    assert 390 < found.effective < 400
    few = weighted_share(np.arange(12) < 6, among=np.ones(12, dtype=bool))
    assert few.effective == pytest.approx(11 * (norm.ppf(0.975) / t.ppf(0.975, 11)) ** 2)


def test_a_weighted_event_counts_as_often_as_its_weight():
    hit, among = np.array([True, False, True, False]), np.array([True, True, True, False])
    assert weighted_share(hit, among=among, weights=np.array([20.0, 10.0, 10.0, 99.0])).estimate == 0.75


@pytest.mark.parametrize(("hits", "low", "high"), [(0, 0.0, 0.4), (12, 0.6, 1.0)])
def test_shares_of_none_and_all_have_intervals(hits, low, high):
    found = weighted_share(np.arange(12) < hits, among=np.ones(12, dtype=bool))
    assert (found.low == 0.0) is (hits == 0)
    assert (found.high == 1.0) is (hits == 12)
    assert low <= found.low < found.high <= high


def test_a_single_event_says_nearly_nothing_and_none_says_nothing():
    one = weighted_share(np.array([True]), among=np.array([True]))
    assert (one.low < 0.1, one.high) == (True, 1.0)
    assert weighted_share(np.array([True]), among=np.array([False])) is None


def test_events_of_one_entity_tell_less_than_independent_ones():
    rng = np.random.default_rng(0)
    of_entity = rng.random(40) < 0.5
    hit, groups = np.repeat(of_entity, 10), np.repeat(np.arange(40), 10)
    everything = np.ones(400, dtype=bool)
    alone, together = (
        weighted_share(hit, among=everything),
        weighted_share(hit, among=everything, groups=groups),
    )
    assert together.estimate == alone.estimate
    assert alone.effective > 350
    assert 30 < together.effective < 50


def draw(rng, *, share=0.1, blocks=400, others=4_000):
    """Events of a decided period: flagged, positive, weight. Of the blocks, a share is seen with weights."""
    seen = np.append(rng.random(blocks) < share, np.ones(others, dtype=bool))
    positive = rng.random(blocks + others) < np.repeat([0.85, 0.02], [blocks, others])
    flagged = rng.random(blocks + others) < np.where(
        np.arange(blocks + others) < blocks, 0.95, np.where(positive, 0.3, 0.01)
    )
    weight = np.repeat([1 / share, 1.0], [blocks, others])
    return flagged[seen], positive[seen], weight[seen]


def test_intervals_of_weighted_precision_and_recall_cover_the_truth_and_unweighted_ones_do_not():
    truth = {}
    caught, missed, false = (
        400 * 0.85 * 0.95 + 80 * 0.3,
        400 * 0.85 * 0.05 + 80 * 0.7,
        400 * 0.15 * 0.95 + 39.2,
    )
    truth["precision_at_block"], truth["recall_at_block"] = (
        caught / (caught + false),
        caught / (caught + missed),
    )
    rng, covered = np.random.default_rng(1), {True: [], False: []}
    for _ in range(300):
        flagged, positive, weight = draw(rng)
        for with_weights, so_far in covered.items():
            found = threshold_intervals(
                positive, flagged.astype(float), {"block": 1.0}, weights=weight if with_weights else None
            )
            so_far.append([found[key]["low"] <= value <= found[key]["high"] for key, value in truth.items()])
    assert (np.mean(covered[True], axis=0) >= 0.93).all()
    assert (np.mean(covered[False], axis=0) < 0.5).all()


@given(st.lists(st.floats(0.5, 100), min_size=1, max_size=30))
def test_the_effective_size_is_at_most_the_number_of_events(weights):
    size = effective_size(np.array(weights))
    assert 1 - 1e-9 <= size <= len(weights) + 1e-9
    assert effective_size(np.full(len(weights), weights[0])) == pytest.approx(len(weights))


def test_without_alarms_or_positives_there_is_no_interval():
    found = threshold_intervals(np.zeros(5), np.linspace(0, 0.4, 5), {"review": 0.3, "block": 0.9})
    assert list(found) == ["precision_at_review"]


def test_the_effective_size_is_stated_where_events_have_weights():
    metrics = {"rows": 900.0, "effective_events": 120.4, "effective_positives": 33.2}
    assert "as much as 120 equally weighted events, 33 of them positive" in effective_text(metrics)
    assert effective_text(metrics | {"effective_events": 900.0}) == ""
    assert effective_text({"rows": 900.0}) == ""
