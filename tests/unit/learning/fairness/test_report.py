"""Fairness by its published definitions, on the published tables of recidivism scores.

Larson, Mattu, Kirchner & Angwin, How We Analyzed the COMPAS Recidivism Algorithm, ProPublica, 2016:
defendants by race, score (medium or high is flagged) and whether they committed another crime in two years.
"""

from dataclasses import replace

import numpy as np
import pytest

from scoring.learning.fairness.measuring import MIN_DENOMINATOR, measure_slices
from scoring.learning.fairness.report import as_data, fairness_gaps
from scoring.learning.fairness.slicing import Slicing
from scoring.learning.fairness.sums import JudgedScores

# (flagged and positive, flagged and negative, not flagged and positive, neither)
TABLES = {"Black": (1369, 805, 532, 990), "White": (505, 349, 461, 1139)}
AT = {"review": 0.5}


def events(tables, *, per_entity: int = 1):
    y, score, codes = [], [], []
    for code, (hits, false, missed, others) in enumerate(tables.values()):
        y += [1] * hits + [0] * false + [1] * missed + [0] * others
        score += [0.8] * (hits + false) + [0.2] * (missed + others)
        codes += [code] * (hits + false + missed + others)
    groups = np.arange(len(y)) // per_entity
    slicing = Slicing("race", tuple(tables), np.array(codes))
    return JudgedScores(np.array(y), np.array(score), groups), slicing


def gaps_of(tables, **options):
    judged, slicing = events(tables, **options)
    measured = measure_slices(judged, slicing, thresholds=AT, samples=100)
    return {gap.criterion: gap for gap in fairness_gaps(measured, AT)}, measured


def test_rates_are_the_published_ones():
    found, measured = gaps_of(TABLES)
    black, white = (each.metrics for each in measured.slices)
    assert black["false_positive_rate_at_review"].value == pytest.approx(0.4485, abs=5e-5)
    assert white["false_positive_rate_at_review"].value == pytest.approx(0.2345, abs=5e-5)
    assert 1 - black["recall_at_review"].value == pytest.approx(0.2799, abs=5e-5)
    assert 1 - white["recall_at_review"].value == pytest.approx(0.4772, abs=5e-5)
    assert black["precision_at_review"].value == pytest.approx(0.63, abs=5e-3)
    assert white["precision_at_review"].value == pytest.approx(0.59, abs=5e-3)
    assert found["equal_opportunity"].difference.value == pytest.approx(0.4772 - 0.2799, abs=1e-4)
    assert found["predictive_equality"].difference.value == pytest.approx(0.4485 - 0.2345, abs=1e-4)
    assert found["demographic_parity"].difference.value == pytest.approx(2174 / 3696 - 854 / 2454)
    assert found["demographic_parity"].ratio == pytest.approx((854 / 2454) / (2174 / 3696))


def test_equalized_odds_is_the_larger_of_both_gaps_and_names_the_slices():
    found, _ = gaps_of(TABLES)
    assert found["equalized_odds"].difference == found["predictive_equality"].difference
    assert (found["equalized_odds"].highest, found["equalized_odds"].lowest) == ("Black", "White")
    assert found["equalized_odds"].beyond_chance
    assert as_data(found["equalized_odds"])["beyond_chance"] is True


def test_intervals_are_those_of_two_independent_shares():
    found, measured = gaps_of(TABLES)
    black, white = 1369 / 1901, 505 / 966
    half = 1.96 * np.sqrt(black * (1 - black) / 1901 + white * (1 - white) / 966)
    gap = found["equal_opportunity"].difference
    assert (gap.high - gap.low) / 2 == pytest.approx(half, rel=0.2)
    to_the_rest = measured.slices[0].gaps["recall_at_review"]  # the rest of two slices is the other one
    assert to_the_rest.value == pytest.approx(black - white)


def test_events_of_one_entity_make_intervals_wider():
    alone, _ = gaps_of(TABLES)
    together, _ = gaps_of(TABLES, per_entity=20)  # neighbors in the table are alike
    widths = [found["equal_opportunity"].difference for found in (alone, together)]
    assert widths[1].high - widths[1].low > 2 * (widths[0].high - widths[0].low)


def test_slices_with_the_same_rates_are_rarely_told_apart_however_many_there_are():
    alarms, largest = 0, []
    for seed in range(20):
        rng, tables = np.random.default_rng(seed), {}
        for name in "abcdefghij":
            positives = rng.binomial(660, 0.1)
            hits, false = rng.binomial(positives, 0.6), rng.binomial(660 - positives, 0.1)
            tables[name] = (hits, false, positives - hits, 660 - positives - false)
        gap = gaps_of(tables)[0]["equal_opportunity"]
        alarms += gap.beyond_chance
        largest.append(gap.difference.value)
    assert np.mean(largest) > 0.15  # the largest of 45 differences looks large
    assert alarms <= 2


def test_small_slices_are_neither_measured_nor_compared():
    few = MIN_DENOMINATOR - 1
    found, measured = gaps_of({"many": (500, 300, 200, 900), "few": (few, 300, 0, 900), "tiny": (9, 9, 9, 9)})
    assert measured.slices[1].metrics["recall_at_review"].value is None
    assert measured.slices[1].metrics["false_positive_rate_at_review"].value == pytest.approx(0.25)
    assert measured.slices[2].metrics == {}
    assert set(found) == {"demographic_parity", "predictive_equality", "calibration"}
    assert "tiny" not in {name for gap in found.values() for name in (gap.highest, gap.lowest)}


def test_a_rate_of_all_or_nothing_is_not_certain():
    _, measured = gaps_of({"all": (40, 0, 0, 400), "some": (200, 100, 200, 900)})
    recall = measured.slices[0].metrics["recall_at_review"]
    assert (recall.value, recall.high) == (1.0, 1.0)
    assert recall.low < 0.95
    found, _ = gaps_of({"all": (40, 0, 0, 400), "too": (200, 0, 0, 900)})
    gap = found["equal_opportunity"].difference
    assert gap.value == 0
    assert gap.low < -0.02 < 0.02 < gap.high


def test_weights_do_not_make_few_events_enough():
    judged, slicing = events({"many": (500, 300, 200, 900), "few": (MIN_DENOMINATOR - 1, 300, 0, 900)})
    heavy = replace(judged, weights=np.full(len(judged.y), 10.0))
    few = measure_slices(heavy, slicing, thresholds=AT, samples=10).slices[1]
    assert (few.rows, few.positives) == (1_219, MIN_DENOMINATOR - 1)
    assert few.metrics["recall_at_review"].value is None
    assert few.metrics["false_positive_rate_at_review"].value == pytest.approx(0.25)


def test_calibration_is_the_mean_score_minus_the_observed_share():
    found, measured = gaps_of(TABLES)
    expected = [
        0.8 * 2174 / 3696 + 0.2 * 1522 / 3696 - 1901 / 3696,
        0.8 * 854 / 2454 + 0.2 * 1600 / 2454 - 966 / 2454,
    ]
    assert [each.metrics["calibration"].value for each in measured.slices] == pytest.approx(expected)
    assert found["calibration"].difference.value == pytest.approx(abs(expected[0] - expected[1]))
    assert found["calibration"].ratio is None
