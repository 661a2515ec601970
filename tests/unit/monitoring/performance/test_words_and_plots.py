"""The verdict about a model in words, segments that stand out, and what plots show of weeks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.models import ModelPerformance, PerformanceWeek
from monitoring.performance.pages.periods import (
    days_of,
    promised_of_segment,
    segment_weeks,
    segments_in,
    whole_weeks,
)
from monitoring.performance.pages.plots import calibration_plot, money_plot, period_plots
from monitoring.performance.pages.rows import segment_tables
from monitoring.performance.words import concept_text, latest_estimate, verdict_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
AP = {"average_precision": [0.4, 0.3, 0.5]}


def performance(**values: Any) -> ModelPerformance:
    counts = {"decided": 900, "events": 800, "positives": 60, "unknown": 0}
    known = {
        "since": NOW - 60 * DAY,
        "until": NOW,
        "realized": AP,
        "promised": {"average_precision": [0.5, 0.4, 0.6]},
    }
    return ModelPerformance(**{"model": "payment-1", "event_type": "payment", **counts, **known, **values})


def week(number: int, **values: Any) -> PerformanceWeek:
    start = NOW + number * WEEK
    counts = {"decided": 900, "positives": 60, "matured": False}
    return PerformanceWeek(model="payment-1", start=start, until=start + WEEK, **{**counts, **values})


@pytest.mark.parametrize(
    ("latest", "tone", "words"),
    [
        (None, "info", "has not been measured yet"),
        (performance(loss=[0.2, 0.12, 0.3]), "bad", "20 % below the promise (99 % interval 12 % to 30 %)"),
        (performance(loss=[0.1, 0.06, 0.2]), "warn", "ranks worse than promised: average precision 0.400"),
        (
            performance(loss=[0.1, 0.01, 0.2]),
            "good",
            "ranks as promised: average precision 0.400, promised",
        ),
        (performance(loss=[-0.1, -0.2, -0.01]), "good", "ranks better than promised"),
        (performance(), "info", "it has no held-out events"),
        (performance(realized={}, positives=1), "info", "1 positive label, too few"),
        (performance(realized={}, decided=0), "info", "made no decisions from 2026-01-01 to 2026-03-02"),
        (
            performance(realized={}, decided=0, until=NOW - 45 * DAY),
            "info",
            "from 2026-03-14 on at",
        ),
    ],
)
def test_the_verdict_says_how_the_model_ranks(latest: ModelPerformance | None, tone: str, words: str) -> None:
    verdict = verdict_of(latest, maturity=45 * DAY, trained_at=NOW - 33 * DAY)
    assert verdict.tone == tone
    assert words in verdict.text.replace("\N{NO-BREAK SPACE}", " ")


def test_concept_drift_is_told_with_its_time() -> None:
    change = {"since": "2026-02-01T12:00:00.000000Z", "before": 0.01, "after": 0.2, "rows": 900}
    worse, better = (concept_text(performance(concept={**change, "worse": each})) for each in (True, False))
    assert worse is not None
    assert better is not None
    assert (worse.tone, better.tone) == ("bad", "good")
    assert "since 2026-02-01 12:00 UTC" in worse.text
    assert concept_text(performance(realized={})) is None


def test_the_newest_estimate_is_the_recalibrated_one_if_there_is_one() -> None:
    weeks = [week(0, estimated=AP, adapted=AP), week(1, estimated=AP), week(2)]
    assert latest_estimate(weeks) == (weeks[1], "estimated")
    assert latest_estimate(weeks[:1]) == (weeks[0], "adapted")
    assert latest_estimate([weeks[2]]) is None


def test_plots_show_estimates_beside_realized_figures_and_the_promise() -> None:
    weeks = [week(0, realized=AP, estimated=AP), week(1, estimated=AP, adapted=AP)]
    [plot] = period_plots(whole_weeks(weeks), performance().promised, ("review", "block"))
    assert [(each.label, each.kind) for each in plot.series] == [
        ("realized", "dots"),
        ("estimated (CBPE)", "line"),
        ("estimated (PAPE)", "dots"),
    ]
    assert plot.series[0].points == [(NOW, 0.4), (NOW + WEEK, None)]
    assert plot.series[0].low == [0.3, None]
    assert plot.lines == [("promised", 0.5)]


def test_the_calibration_error_is_shown_beside_what_chance_explains() -> None:
    error = {"calibration_error": [0.03, 0.02, 0.05]}
    chance = {"calibration_error": [0.0, 0.0, 0.04]}
    [plot] = period_plots(whole_weeks([week(0, realized=error, estimated=chance)]), {}, ())
    assert [(each.label, each.points[0][1]) for each in plot.series] == [
        ("realized", 0.03),
        ("chance explains up to", 0.04),
    ]
    assert plot.lines == []


def test_money_is_realized_or_else_estimated() -> None:
    money = {"fraud_loss": [100.0, 50.0, 200.0], "loss_avoided": [0.0, 0.0, 0.0]}
    weeks = whole_weeks([week(0, realized=money, estimated=money), week(1, estimated=money)])
    plot = money_plot(weeks, "USD", "week")
    assert [(each.label, [y for _, y in each.points]) for each in plot.series] == [
        ("allowed", [100.0, None]),
        ("allowed, estimated", [None, 100.0]),
    ]


def test_few_effective_events_have_a_wide_interval_of_calibration() -> None:
    plot = calibration_plot(performance(calibration=[[0.1, 0.1, 1_000.0], [0.9, 0.9, 4.0]]), "fraud")
    low, high = plot.series[0].low, plot.series[0].high
    assert low is not None
    assert high is not None
    many, few = (float(high[at] or 0) - float(low[at] or 0) for at in (0, 1))
    assert few > 5 * many


def test_a_segment_whose_recall_is_certainly_lower_is_marked() -> None:
    def segment(name: str, recall: list[float]) -> dict[str, Any]:
        counts = {"events": 100, "positives": 20, "share": 0.5}
        return {"field": "category", "name": name, **counts, "figures": {"recall_at_review": recall}}

    segments = [segment("travel", [0.2, 0.1, 0.3]), segment("grocery", [0.5, 0.3, 0.7])]
    latest = performance(realized={"recall_at_review": [0.6, 0.5, 0.7]}, segments=segments)
    promised = {"recall_at_review": {"value": 0.7, "low": 0.6, "high": 0.8}}
    slices = {"fields": [{"field": "category", "slices": [{"name": "travel", "metrics": promised}]}]}
    [(field, rows)] = segment_tables(latest, "review", "USD", slices=slices, by_week={"category": ["travel"]})
    assert field == "category"
    assert [(row.key, [each.promised for each in row.cells if each.promised]) for row in rows] == [
        ("category:travel", ["70.0\N{NO-BREAK SPACE}%"]),
        ("", []),
    ]
    assert [(row.name, [cell.tone for cell in row.cells if cell.tone]) for row in rows] == [
        ("travel", ["warn"]),
        ("grocery", []),
    ]


def test_a_segment_and_a_day_have_lines_of_their_own() -> None:
    def part(**named: str) -> dict[str, Any]:
        return {**named, "events": 90, "positives": 9, "share": 0.5, "figures": AP}

    travel, day = part(field="category", name="travel"), part(day="2026-03-03")
    weeks = [week(0, matured=True, segments=[travel], days=[day]), week(1), week(2, segments=[travel])]
    of_travel, days = segment_weeks(weeks, "category", "travel"), days_of(weeks)
    assert [(each.start, bool(each.realized), bool(each.estimated)) for each in of_travel] == [
        (NOW, True, False),
        (NOW + 2 * WEEK, False, True),
    ]
    assert [(each.start, each.until, each.decided) for each in days] == [(NOW + DAY, NOW + 2 * DAY, 90)]
    assert segments_in(weeks) == {"category": ["travel"]}
    assert segment_weeks(weeks, "category", "grocery") == []


def test_only_measured_slices_are_promises() -> None:
    metrics = {
        "average_precision": {"value": 0.5, "low": 0.4, "high": 0.6},
        "recall_at_review": {"value": None, "low": None, "high": None},
    }
    slices = {"fields": [{"field": "category", "slices": [{"name": "travel", "metrics": metrics}]}]}
    assert promised_of_segment(slices, "category", "travel") == {"average_precision": (0.5, 0.4, 0.6)}
    assert promised_of_segment(slices, "category", "grocery") == promised_of_segment({}, "amount", "x") == {}
