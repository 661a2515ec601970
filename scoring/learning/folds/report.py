"""Folds as a text table for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.catalog.currency import format_minor
from scoring.learning.folds.run import FoldResult
from scoring.learning.folds.summary import Difference, Spread, differences, metric_spreads

METRICS = {
    "average_precision": "AP",
    "roc_auc": "ROC AUC",
    "recall_at_0.1pct_false_positives": "recall 0.1 %",
    "recall_at_1pct_false_positives": "recall 1 %",
    "precision_at_100_a_day": "precision@100",
    "entity_precision": "entities@100",
    "entities_caught": "caught",
    "brier": "Brier",
    "calibration_error": "calibration",
}
MONEY = {"money_saved_a_day": "saved a day"}
WIDTH = 16


def fold_lines(results: Sequence[FoldResult], *, samples: int, currency: str = "USD") -> list[str]:
    """The folds, mean and standard deviation of every metric, and differences from the first contender.

    `currency`: of metrics that are amounts.
    """
    spreads, first = metric_spreads(results), next(iter(results[0].scores))
    found = differences(results, samples=samples)
    width = max(len(name) for name in spreads) + 2
    return [
        *(_fold_line(result) for result in results),
        "",
        " " * width + "".join(f"{word:>{WIDTH}}" for word in METRICS.values()),
        *(f"{name:<{width}}" + _cells(spreads[name]) for name in spreads),
        "",
        *_money_lines(spreads, currency),
        *(_difference_line(name, first, each) for name, each in found.items()),
    ]


def _fold_line(result: FoldResult) -> str:
    fold = result.fold
    return (
        f"fold {fold.number}: learned from {result.learned_from:,} events known on {fold.origin:%Y-%m-%d},"
        f" tested on {len(result.y):,} up to {fold.until:%Y-%m-%d}, {int(result.y.sum()):,} positive"
    )


def _cells(spreads: Mapping[str, Spread | None]) -> str:
    return "".join(f"{_spread_text(spreads.get(metric)):>{WIDTH}}" for metric in METRICS)


def _spread_text(spread: Spread | None) -> str:
    if spread is None:
        return "-"
    return f"{spread.mean:.4f}" + ("" if spread.deviation is None else f" ±{spread.deviation:.3f}")


def _money_lines(spreads: Mapping[str, Mapping[str, Spread | None]], currency: str) -> list[str]:
    return [
        f"{name}: {word} {format_minor(spread.mean, currency)}"
        + ("" if spread.deviation is None else f" ±{format_minor(spread.deviation, currency)}")
        for name, found in spreads.items()
        for metric, word in MONEY.items()
        if (spread := found.get(metric)) is not None
    ]


def _difference_line(name: str, first: str, found: Difference) -> str:
    return (
        f"{name} - {first}: average precision {found.mean:+.4f} [{found.low:+.4f}, {found.high:+.4f}],"
        f" better in {found.better} of {found.folds} folds"
    )


def markdown_lines(results: Sequence[FoldResult]) -> list[str]:
    """The means and standard deviations as a Markdown table."""
    head = ["contender", *METRICS.values(), "CPU time a fold, s"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for name, found in metric_spreads(results).items():
        seconds = sum(result.cpu_seconds[name] for result in results) / len(results)
        cells: list[Any] = [name, *(_spread_text(found.get(metric)) for metric in METRICS), f"{seconds:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
