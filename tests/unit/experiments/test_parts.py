"""Small pure parts of experiments: assignment, slices of time, plots, figures."""

from datetime import UTC, datetime, timedelta

import pytest

from experiments.models import Experiment, ExperimentResult
from experiments.pages.charts import course_plots
from experiments.results.aggregates import TimeSlice
from experiments.results.compute import MAX_SLICES, accumulate, is_due, slice_width
from experiments.results.exposures import arm_of, is_exposure
from experiments.results.metric_format import MetricFormat, lift_text, p_text
from scoring.registry.routes import share_point
from tests.factories.log import as_read, decided, received

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def experiment(**changes) -> Experiment:
    given = {
        "name": "x",
        "event_type": "payment",
        "control": "a",
        "treatment": "b",
        "salt": "s",
        "share": 0.4,
    }
    return Experiment(**(given | {"salt": "s", "share": 0.4} | changes))


@pytest.mark.parametrize(
    ("data", "counts"),
    [
        ({"experiment": "x", "unit": "customer-1"}, True),
        ({"experiment": "", "unit": "customer-1"}, False),
        ({"experiment": "x", "unit": ""}, False),  # the champion decides; not assigned to an arm
    ],
)
def test_an_exposure_is_a_decision_in_an_experiment_on_a_known_unit(data, counts):
    assert is_exposure(as_read(decided(as_read(received("T-1")), **data))) is counts


def test_a_unit_counts_for_the_arm_it_was_assigned_to():
    arms = [arm_of(f"u-{n}", experiment()) for n in range(200)]
    drawn = [share_point("s", f"u-{n}") < 0.4 for n in range(200)]
    assert arms == ["treatment" if treated else "control" for treated in drawn]
    assert set(arms) == {"control", "treatment"}


def test_running_totals_carry_an_arm_over_a_slice_without_decisions():
    course = accumulate(
        [
            TimeSlice(MARCH, "control", {"decisions": 3}),
            TimeSlice(MARCH + HOUR, "control", {"decisions": 2}),
            TimeSlice(MARCH + HOUR, "treatment", {"decisions": 1}),
            TimeSlice(MARCH + 2 * HOUR, "treatment", {"decisions": 4}),
        ],
        width=HOUR,
    )
    assert [(each["control"], each["treatment"]) for each in course] == [
        ({"decisions": 3}, None),
        ({"decisions": 5}, {"decisions": 1}),
        ({"decisions": 5}, {"decisions": 5}),
    ]
    assert course[0]["until"] == "2026-03-01T01:00:00Z"


@pytest.mark.parametrize("length", [timedelta(0), HOUR, timedelta(days=9), timedelta(days=900)])
def test_any_duration_is_divided_into_few_slices(length):
    assert length <= slice_width(length) * MAX_SLICES


def test_a_rate_that_needs_labels_ends_where_decisions_are_not_mature():
    def counts(decisions: int, matured: int) -> dict[str, int]:
        return {
            "decisions": decisions,
            "blocked": 1,
            "reviewed": 1,
            "matured": matured,
            "missed": 1,
            "fraud": 1,
        }

    course = [
        {"until": f"2026-03-0{day}T00:00:00Z", "control": counts(*both), "treatment": counts(*both)}
        for day, both in enumerate([(4, 4), (8, 8), (12, 8)], start=1)
    ]
    by_title = {plot.title: plot for plot in course_plots(experiment(), course)}
    assert len(by_title["Block rate so far"].series[0].points) == 3
    assert [y for _, y in by_title["Missed-fraud rate so far"].series[1].points] == [1 / 4, 1 / 8]
    assert course_plots(experiment(), []) == []


CURRENT = {"changes": 3, "computed_changes": 3}
DUE = {
    "nothing was computed yet": (None, {}, True),
    "a batch came in since": ({"changes": 3, "computed_changes": 2, "as_of": MARCH}, {}, True),
    "nothing came in, and it is not an hour": (
        {**CURRENT, "as_of": MARCH},
        {},
        False,
    ),
    "decisions matured in an hour": (
        {**CURRENT, "as_of": MARCH - HOUR},
        {"ended_at": MARCH - 2 * HOUR},
        True,
    ),
    "everything had matured when it was computed": (
        {**CURRENT, "as_of": MARCH - HOUR},
        {"ended_at": MARCH - timedelta(days=50)},
        False,
    ),
}


@pytest.mark.parametrize("case", DUE)
def test_when_results_are_recomputed(case):
    stored, changes, due = DUE[case]
    row = ExperimentResult(experiment="x", **stored) if stored else None
    assert is_due(experiment(**changes), row, now=MARCH) is due


def test_how_figures_are_written():
    points, dollars = (
        MetricFormat(is_share=True, currency="USD"),
        MetricFormat(is_share=False, currency="USD"),
    )
    assert points.difference((-0.006, 0.002)) == "\N{MINUS SIGN}0.60 to +0.20 points"
    assert dollars.amount(-123456) == "1,234.56 USD"
    assert (dollars.plain(13.2), dollars.plain(0)) == ("0.1320", "0.00")
    assert (p_text(0.0304), p_text(0.0001), p_text(None)) == ("0.030", "< 0.001", "-")
    assert lift_text({"value": -0.12, "low": -0.2, "high": 0.03}) == (
        "\N{MINUS SIGN}12.0\N{NO-BREAK SPACE}% (\N{MINUS SIGN}20.0 to +3.0)"
    )
