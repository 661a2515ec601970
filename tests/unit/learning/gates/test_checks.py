import numpy as np
import pytest

from scoring.learning.gates.checks import check_labels, judge
from scoring.learning.metrics.quality import average_precision
from scoring.learning.metrics.resampling import chance_average_precision
from scoring.learning.promotion.gate import NEVER_CHECKED, failed_checks

GOOD = {
    "rows": 2_000.0,
    "positives": 40.0,
    "base_rate": 0.02,
    "average_precision": 0.6,
    "chance_average_precision": 0.04,
    "calibration_error": 0.01,
    "reviews_a_day": 90.0,
    "latency_ms": 0.8,
}
ALONE = {
    "champion": None,
    "why_not": "no model decided payment events when this one was trained",
    "difference": None,
}


def beside(low, high):
    difference = {"estimate": (low + high) / 2, "low": low, "high": high, "level": 0.95}
    return {"champion": "payment-1", "why_not": "", "difference": difference}


def failed(*, comparison=ALONE, lineage=None, declared="f" * 64, **changes):
    checks = judge(
        metrics=GOOD | changes,
        comparison=comparison,
        lineage=lineage or {},
        reviews_a_day=100,
        feature_set="f" * 64,
        declared=declared,
    )
    assert all(
        {"name", "sentence", "value", "allowed", "passed", "override", "gate"} == check.keys()
        for check in checks
    )
    assert len({check["name"] for check in checks}) == len(checks)
    return failed_checks(checks)


@pytest.mark.parametrize(
    ("sentence", "given", "expected"),
    [
        ("a good first model passes", {}, []),
        ("too few held-out events", {"rows": 199.0}, ["held-out events"]),
        ("just enough of them", {"rows": 200.0}, []),
        ("too few positives", {"positives": 19.0}, ["held-out positives"]),
        ("just enough of them", {"positives": 20.0}, []),
        ("no better than chance", {"average_precision": 0.04}, ["better than chance"]),
        (
            "nothing to rank",
            {"average_precision": None, "chance_average_precision": None},
            ["better than chance"],
        ),
        (
            "significantly worse than the champion",
            {"comparison": beside(-0.2, -0.01)},
            ["no worse than the champion"],
        ),
        ("perhaps worse", {"comparison": beside(-0.2, 0.0)}, []),
        ("significantly better", {"comparison": beside(0.01, 0.2)}, []),
        ("calibration at its bound", {"calibration_error": 0.02}, []),
        ("calibration beyond its bound", {"calibration_error": 0.0201}, ["calibration"]),
        ("a higher base rate allows more", {"calibration_error": 0.05, "base_rate": 0.1}, []),
        ("a busy day of reviews", {"reviews_a_day": 150.0}, []),
        ("more reviews than people", {"reviews_a_day": 151.0}, ["review rate"]),
        ("as slow as is allowed", {"latency_ms": 10.0}, []),
        ("slow", {"latency_ms": 10.01}, ["latency"]),
        ("other features than the code's", {"declared": "e" * 64}, ["features"]),
        ("shuffled labels", {"lineage": {"not_promotable": "it was trained on chance"}}, ["real labels"]),
        ("several at once", {"rows": 10.0, "positives": 1.0}, ["held-out events", "held-out positives"]),
    ],
)
def test_exactly_the_violated_checks_fail(sentence, given, expected):
    assert failed(**given) == expected


def test_check_sentences_give_the_values_and_the_champion():
    checks = judge(
        metrics=GOOD,
        comparison=beside(-0.03, 0.01),
        lineage={},
        reviews_a_day=100,
        feature_set="f" * 64,
        declared="e" * 64,
    )
    said = {check["name"]: check["sentence"] for check in checks}
    assert (
        "payment-1's on the same events by -0.0100 (-0.0300 to +0.0100)" in said["no worse than the champion"]
    )
    assert "2,000 events" in said["held-out events"]
    assert "40 of those events" in said["held-out positives"]
    assert "is 0.6000; 99 % of random orders stay below 0.0400" in said["better than chance"]
    assert "send 90 events a day to review; the capacity is 100" in said["review rate"]
    assert said["features"] == f"It uses feature set {'f' * 12}; this code computes {'e' * 12}."
    assert said["real labels"] == "It was trained on the labels as recorded."
    assert check_labels({"not_promotable": "they are dice"}).sentence == "It must not decide: they are dice."


FOUND_AND_ALLOWED = {
    "held-out events": (2_000, "at least 200"),
    "held-out positives": (40, "at least 20"),
    "better than chance": (0.6, "above 0.0400"),
    "no worse than the champion": (None, "not significantly worse"),
    "calibration": (0.01, "at most 0.0200"),
    "review rate": (90.0, "at most 150 a day"),
    "latency": (0.8, "at most 10 ms"),
    "features": ("f" * 12, "e" * 12),
    "real labels": (None, "labels that were not shuffled"),
}


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({}, {}),
        (
            {"comparison": beside(-0.02, 0.04)},
            {"no worse than the champion": (pytest.approx(0.01), "interval not entirely below 0")},
        ),
        (
            {"metrics": GOOD | {"average_precision": None}},
            {"better than chance": (None, "positives")},
        ),
    ],
)
def test_each_check_gives_the_value_found_and_the_allowed_one(given, changes):
    usual = {"metrics": GOOD, "comparison": ALONE, "lineage": {}, "reviews_a_day": 100}
    checks = judge(**(usual | {"feature_set": "f" * 64, "declared": "e" * 64} | given))
    found = {check["name"]: (check["value"], check["allowed"]) for check in checks}
    assert found == FOUND_AND_ALLOWED | changes


def test_a_model_that_only_xgboost_can_explain_passes_with_a_warning():
    checks = judge(
        metrics=GOOD | {"latency_ms": 5.0},
        comparison=ALONE,
        lineage={},
        reviews_a_day=100,
        feature_set="f" * 64,
        declared="f" * 64,
        why_no_tables="its tables would take more than 64 MiB",
    )
    [latency] = [check for check in checks if check["name"] == "latency"]
    assert latency["passed"]
    assert latency["sentence"] == (
        "Scoring and explaining one event takes 5.000 ms. Warning: the model cannot be explained from tables"
        " (its tables would take more than 64 MiB), so XGBoost explains every event: one process decides at"
        " most 200 events per second."
    )


def test_a_model_without_checks_was_never_checked():
    assert failed_checks([]) == [NEVER_CHECKED]


def test_random_scores_rarely_reach_the_chance_bound():
    rng = np.random.default_rng(3)
    y = (rng.random(3_000) < 0.02).astype(int)
    bound = chance_average_precision(y)
    assert 0.02 < bound < 0.06
    assert bound == chance_average_precision(y)


def test_one_in_a_hundred_random_orders_reaches_the_chance_bound():
    rng = np.random.default_rng(4)
    y = (rng.random(400) < 0.1).astype(int)
    drawn = np.array([average_precision(y, rng.random(400)) for _ in range(400)])
    assert (drawn < chance_average_precision(y)).mean() == pytest.approx(0.99, abs=0.01)
    assert (drawn < chance_average_precision(y, quantile=0.5)).mean() == pytest.approx(0.5, abs=0.1)
