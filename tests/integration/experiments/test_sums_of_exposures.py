"""The database's sums of exposures equal hand-written ones, by arm, unit and time."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pytest

from experiments.metrics import BY_NAME
from experiments.models import Exposure
from experiments.results.aggregates import NO_EXPOSURES, ArmSums, TimeSlice, sum_by_arm, sum_over_time
from experiments.statistics.comparisons import compare
from experiments.statistics.moments import Moments

pytestmark = pytest.mark.django_db

EDGE = datetime(2026, 3, 1, tzinfo=UTC)  # decided by then is mature
HOUR = timedelta(hours=1)
MATURE, IMMATURE = EDGE - HOUR, EDGE + HOUR
_positions = count(1)

# (unit, outcome, label, stake, decided at)
CONTROL = [
    (1, "allow", "fraud", 700, MATURE),
    (1, "allow", "fraud", 900, IMMATURE),
    (1, "block", None, 50, MATURE),
    (2, "review", "fraud", 4_000, MATURE),
    (2, "allow", None, None, MATURE),
    (2, "allow", "legitimate", 30, MATURE),
    (3, "block", "fraud", 600, MATURE),
    (4, "review", None, 20, IMMATURE),
]
TREATMENT = [
    (1, "allow", "fraud", 100, MATURE),
    (5, "allow", "legitimate", 10, MATURE),
    (5, "block", "fraud", 80, IMMATURE),
]


def expose(arm: str, *rows: tuple, experiment: str = "x") -> None:
    Exposure.objects.bulk_create(
        Exposure(
            event_position=next(_positions),
            experiment=experiment,
            arm=arm,
            unit=unit,
            outcome=outcome,
            label=label,
            stake=stake,
            decided_at=moment,
        )
        for unit, outcome, label, stake, moment in rows
    )


def sums(*, positive: str = "fraud") -> dict[str, ArmSums]:
    return sum_by_arm("x", positive=positive, mature_before=EDGE)


def slices(origin: datetime = EDGE) -> list[TimeSlice]:
    return sum_over_time("x", positive="fraud", mature_before=EDGE, origin=origin, width=HOUR)


def test_totals_are_those_of_the_table_and_of_this_experiment_alone():
    expose("control", *CONTROL)
    expose("treatment", *TREATMENT)
    expose("control", *CONTROL, experiment="another")

    found = sums()

    assert (found["control"].units, found["treatment"].units) == (4, 2)
    assert found["control"].totals == {
        "decisions": 8, "blocked": 2, "reviewed": 2, "matured": 6, "inferred": 2, "fraud": 3,
        "known_fraud": 4,
    }  # fmt: skip
    assert found["treatment"].totals == {
        "decisions": 3, "blocked": 1, "reviewed": 0, "matured": 2, "inferred": 0, "fraud": 1,
        "known_fraud": 2,
    }  # fmt: skip


# Of the control, unit by unit: what a metric counts, and out of how many decisions.
BY_UNIT = {
    "block_rate": ([1, 0, 1, 0], [3, 3, 1, 1]),
    "review_rate": ([0, 1, 0, 1], [3, 3, 1, 1]),
    "fraud_rate": ([1, 1, 1], [2, 3, 1]),  # unit 4 has no decision whose label had time to come
    "missed_rate": ([1, 0, 0], [2, 3, 1]),  # the fraud of unit 2 was sent to review: no one lost by it
    "loss": ([700, 0, 0], [2, 3, 1]),
}


@pytest.mark.parametrize("metric", BY_NAME)
def test_the_columns_of_the_sums_match_the_moments(metric):
    expose("control", *CONTROL)
    assert astuple(sums()["control"].moments[metric]) == astuple(Moments.of(*BY_UNIT[metric]))


def test_reviewed_fraud_is_not_counted_as_missed():
    seen = [(1, outcome, "fraud", 100, MATURE) for outcome in ("review", "block")]
    expose("control", *seen)
    expose("treatment", *seen, (2, "allow", "fraud", 100, MATURE))
    found = sums()
    assert [found[arm].moments["missed_rate"].y for arm in ("control", "treatment")] == [0, 1]
    assert [found[arm].moments["loss"].y for arm in ("control", "treatment")] == [0, 100]


def test_known_fraud_of_immature_decisions_does_not_count():
    expose("control", *[(unit, "allow", None, 10, MATURE) for unit in range(4)])
    expose("control", *[(unit, "allow", "fraud", 10, IMMATURE) for unit in range(4)])
    [control] = [found for arm, found in sums().items() if arm == "control"]
    assert (control.totals["fraud"], control.totals["known_fraud"]) == (0, 4)
    assert [control.moments[name].y for name in ("fraud_rate", "missed_rate", "loss")] == [0, 0, 0]


def test_the_positive_label_is_the_event_types_own():
    expose("control", (1, "allow", "spam", 0, MATURE), (1, "allow", "fraud", 0, MATURE))
    assert sums(positive="spam")["control"].totals["fraud"] == 1


def test_a_decision_is_mature_from_the_exact_time_on():
    later = timedelta(microseconds=1)
    expose("control", (1, "allow", "fraud", 5, EDGE), (1, "allow", "fraud", 5, EDGE + later))
    assert sums()["control"].totals["matured"] == 1


def test_an_arm_without_units_is_included_with_zeros():
    expose("treatment", *TREATMENT)
    assert sums()["control"] == NO_EXPOSURES
    assert sums()["control"].totals["decisions"] == sums()["control"].moments["loss"].units == 0


def test_a_comparison_is_that_of_the_units_themselves():
    """Intervals use squares and products, which would look plausible even if swapped."""
    draw = np.random.default_rng(4)
    moments = {}
    for arm, rate in (("control", 0.3), ("treatment", 0.2)):
        n = draw.integers(1, 6, 60)
        y = draw.binomial(n, rate)
        outcomes = [["block"] * hits + ["allow"] * (all_ - hits) for hits, all_ in zip(y, n, strict=True)]
        expose(arm, *((u, o, None, 1, MATURE) for u, made in enumerate(outcomes) for o in made))
        moments[arm] = Moments.of(y, n)

    stored = {arm: found.moments["block_rate"] for arm, found in sums().items()}

    how = {"share": True, "planned_units": 120}
    assert compare(stored["control"], stored["treatment"], **how) == compare(
        moments["control"], moments["treatment"], **how
    )


def test_a_decision_on_the_edge_of_two_slices_is_in_the_later_one():
    before = timedelta(microseconds=1)
    moments = (EDGE - HOUR, EDGE - before, EDGE, EDGE + HOUR)
    expose("control", *((1, "allow", None, 1, moment) for moment in reversed(moments)))
    assert [(each.moment, each.counts["decisions"]) for each in slices()] == [
        (EDGE - HOUR, 2),
        (EDGE, 1),
        (EDGE + HOUR, 1),
    ]


def test_slices_count_what_the_totals_do_and_begin_with_the_experiment():
    expose("control", *CONTROL)
    expose("treatment", *TREATMENT)
    expose("control", *CONTROL, experiment="another")
    found = slices(origin=EDGE - timedelta(minutes=90))
    counted = [(each.moment - EDGE, each.arm, tuple(each.counts.values())) for each in found]
    half = timedelta(minutes=30)
    # decisions, blocked, reviewed, matured, missed, fraud
    assert sorted(counted) == [
        (-3 * half, "control", (6, 2, 1, 6, 1, 3)),
        (-3 * half, "treatment", (2, 0, 0, 2, 1, 1)),
        (half, "control", (2, 0, 1, 0, 0, 0)),
        (half, "treatment", (1, 1, 0, 0, 0, 0)),
    ]
    assert [each.moment for each in found] == sorted(each.moment for each in found)
