"""The result of an evaluation on pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.catalog.registry import event_type
from scoring.learning.folds.options import FoldOptions
from scoring.learning.pages.evaluations.page import option_rows
from scoring.learning.pages.evaluations.section import section_of_result

PAYMENT = event_type("payment")
FIRST, OTHER = "recipe of payment-1", "logistic"


def fold(number: int, first: float, other: float | None) -> dict[str, Any]:
    return {
        "fold": number,
        "origin": f"2026-0{number}-01T00:00:00Z",
        "until": f"2026-0{number + 1}-01T00:00:00Z",
        "learned_from": 12_000,
        "rows": 1_000,
        "positives": 40,
        "metrics": {
            FIRST: {"average_precision": first, "money_saved_a_day": 123_456.0},
            OTHER: {"average_precision": other},
        },
    }


def spread(mean: float, deviation: float | None = 0.05) -> dict[str, Any]:
    return {"mean": mean, "deviation": deviation, "folds": 2}


RESULT = {
    "folds": [fold(1, 0.8, 0.6), fold(2, 0.9, None)],
    "order": [FIRST, OTHER],
    "contenders": {
        FIRST: {"average_precision": spread(0.85), "money_saved_a_day": spread(123_456, 1_000)},
        OTHER: {"average_precision": spread(0.6, None)},
    },
    "differences": {OTHER: {"mean": -0.2, "low": -0.3, "high": -0.1, "better": 0, "folds": 2}},
}


def test_means_have_their_deviations_and_the_first_contender_comes_first() -> None:
    section = section_of_result(RESULT, PAYMENT)
    assert section.summary == "2 folds, tested on 2,000 events from 2026-01-01 to 2026-03-01"
    assert [name for name, _ in section.metrics[0].cells] == section.contenders
    assert section.contenders == ["recipe of payment-1", "logistic regression"]
    assert [(row.name, [text for _, text in row.cells]) for row in section.metrics] == [
        ("Average precision", ["0.8500 ± 0.0500", "0.6000"]),
        ("Money saved a day", ["1,234.56 USD ± 10.00 USD", "-"]),
    ]


def test_results_from_before_importance_was_measured_have_none() -> None:
    assert section_of_result(RESULT, PAYMENT).importance == []


def test_a_difference_says_whether_it_is_significant() -> None:
    (row,) = section_of_result(RESULT, PAYMENT).differences
    assert (row.difference, row.better) == ("-0.2000 (-0.3000 to -0.1000)", "0 of 2")
    assert (row.result, row.tone) == ("significantly worse", "bad")


def test_each_fold_has_its_dates_and_a_gap_where_a_metric_is_not_defined() -> None:
    section = section_of_result(RESULT, PAYMENT)
    assert [(row.origin, row.until, row.cells) for row in section.folds] == [
        ("2026-01-01", "2026-02-01", ["0.8000", "0.6000"]),
        ("2026-02-01", "2026-03-01", ["0.9000", "-"]),
    ]
    precision, money = (*section.plots, *section.more_plots)
    assert [[y for _, y in line.points] for line in precision.series] == [[0.8, 0.9], [0.6, None]]
    assert [line.label for line in money.series] == ["recipe of payment-1"]


def test_options_show_parts_of_days() -> None:
    halves = {"matures_after": timedelta(hours=12), "test_length": timedelta(hours=36)}
    rows = dict(option_rows(FoldOptions("payment", origins=(datetime(2026, 1, 1, tzinfo=UTC),), **halves)))
    assert rows["Labels mature after"] == "0.5 days"
    assert rows["Folds"] == "origins 2026-01-01, each tested on 1.5 days"
