"""What results say in words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from experiments.models import Experiment
from experiments.results.aggregates import NO_EXPOSURES, ArmSums
from experiments.results.compute import describe
from experiments.results.conclusions import conclude, inferred_text
from experiments.results.metric_rows import metric_rows
from experiments.statistics.moments import Moments

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
SHARES = ("block_rate", "review_rate", "fraud_rate", "missed_rate")


def experiment(**changes: Any) -> Experiment:
    given = {
        "name": "more-trees",
        "event_type": "payment",
        "control": "payment-2",
        "treatment": "payment-3",
        "share": 0.5,
        "unit": "customer",
        "primary_metric": "block_rate",
        "state": "running",
        "started_at": MARCH,
    }
    return Experiment(**(given | changes))


def arm(units: int = 1000, *, loss: int = 0, **hits: int) -> ArmSums:
    """Customers who decided once; `hits` of them count for a metric, `loss` of them lost 90.00 each.

    What rests on labels has matured only where it is given.
    """
    moments = {name: one_each(hits[name], units) for name in SHARES if name in hits}
    if loss:
        moments["loss"] = one_each(loss, units, amount=9000.0)
    matured = units if {"fraud_rate", "missed_rate", "loss"} & moments.keys() else 0
    totals = NO_EXPOSURES.totals | {"decisions": units, "matured": matured, "inferred": matured // 2}
    return ArmSums(units, totals, NO_EXPOSURES.moments | {"block_rate": one_each(0, units)} | moments)


def one_each(hits: int, units: int, *, amount: float = 1.0) -> Moments:
    return Moments.of([amount] * hits + [0.0] * (units - hits), [1.0] * units)


def result(control: ArmSums, treatment: ArmSums) -> dict[str, Any]:
    arms = {"control": control, "treatment": treatment}
    return {
        **describe(arms, share=0.5, planned_units=2000),
        "matures_from": "2026-04-15T00:00:00Z",
    }


FEWER = result(arm(block_rate=300), arm(block_rate=150))
ANSWERS = {
    "no result yet": ({}, {}, "info", "No results yet"),
    "no decision yet": ({}, result(NO_EXPOSURES, NO_EXPOSURES), "info", "No results yet"),
    "a lopsided split": (
        {},
        result(arm(1000, block_rate=300), arm(700, block_rate=100)),
        "bad",
        "Do not trust these results: customers were not split as planned.",
    ),
    "a difference that is shown": (
        {},
        FEWER,
        "info",
        "payment-3's block rate is 15.00 points lower than payment-2's (",
    ),
    "a difference that chance makes": (
        {},
        result(arm(block_rate=110), arm(block_rate=100)),
        "info",
        "Too early to say: the difference in block rate, the primary metric, may be anything from",
    ),
    "the same after its end": (
        {"state": "stopped"},
        result(arm(block_rate=110), arm(block_rate=100)),
        "info",
        "No significant difference: the difference in block rate, the primary metric,",
    ),
    "too few of the event": (
        {},
        result(arm(block_rate=3), arm(block_rate=1)),
        "info",
        "Too early to say: too few customers so far to compare the block rate.",
    ),
    "labels that have not matured": (
        {"primary_metric": "missed_rate"},
        FEWER,
        "info",
        "Too early to say: the missed-fraud rate needs labels, and the first decisions are mature on 2026-",
    ),
    "less fraud let through": (
        {"primary_metric": "missed_rate"},
        result(arm(missed_rate=200), arm(missed_rate=50)),
        "good",
        "payment-3's missed-fraud rate is 15.00 points lower than payment-2's",
    ),
    "more fraud let through": (
        {"primary_metric": "missed_rate"},
        result(arm(missed_rate=50), arm(missed_rate=200)),
        "bad",
        "payment-3's missed-fraud rate is 15.00 points higher than payment-2's",
    ),
    "more money lost": (
        {"primary_metric": "loss"},
        result(arm(loss=40), arm(loss=200)),
        "bad",
        "payment-3's loss per mature decision is 14.40 USD higher than payment-2's",
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_the_sentence_for(case):
    changes, given, tone, words = ANSWERS[case]
    found = conclude(experiment(**changes), given)
    assert found.sentence.startswith(words)
    assert found.tone == tone


def test_a_difference_that_only_a_fixed_interval_shows_is_not_claimed():
    given = result(arm(block_rate=130), arm(block_rate=100))
    found = given["metrics"]["block_rate"]["comparison"]
    assert found["p_value"] < 0.05
    assert conclude(experiment(), given).sentence.startswith("Too early to say")


def test_details_name_other_significant_differences_and_when_fraud_matures():
    found = conclude(experiment(primary_metric="review_rate"), FEWER)
    assert "payment-3's block rate is 15.00 points lower" in found.details
    assert found.details.endswith("Fraud can be compared from 2026-04-15 on, once labels are mature.")


def test_a_row_has_both_arms_the_difference_and_its_place_in_the_plot():
    line = metric_rows(experiment(), FEWER)[0]
    assert (line.metric.name, line.primary) == ("block_rate", True)
    assert line.control == ("30.00\N{NO-BREAK SPACE}%", "27.16 to 32.84")
    assert line.treatment == ("15.00\N{NO-BREAK SPACE}%", "12.79 to 17.21")
    assert (line.difference, line.interval) == (
        "\N{MINUS SIGN}15.00 points",
        "\N{MINUS SIGN}18.60 to \N{MINUS SIGN}11.40 points",
    )
    assert line.always == "\N{MINUS SIGN}20.58 to \N{MINUS SIGN}9.42 points"
    assert line.p_value == "< 0.001"
    assert line.lift.startswith("\N{MINUS SIGN}50.0\N{NO-BREAK SPACE}% (")
    assert line.always_span.low < line.span.low < line.point < line.span.high < line.always_span.high < 50


def test_the_primary_metric_comes_first_and_pending_ones_say_why():
    found = metric_rows(experiment(primary_metric="loss"), result(arm(block_rate=3), arm(block_rate=1)))
    assert found[0].metric.name == "loss"
    assert found[0].pending == "mature from 2026-04-15"
    by_name = {line.metric.name: line for line in found}
    assert by_name["block_rate"].exact
    assert by_name["review_rate"].pending == "one arm has no decisions yet"
    few = metric_rows(experiment(), result(arm(loss=3), arm(loss=1)))
    assert {line.metric.name: line.pending for line in few}["loss"] == "too few losses for an interval"


def test_inferred_negatives_are_stated():
    given = result(arm(missed_rate=20), arm(missed_rate=20))
    assert inferred_text(given).startswith("2,000 decisions are mature; 1,000 of them have no label")
    assert inferred_text(FEWER) == ""
