"""The result of an evaluation on folds on pages: means and spreads, folds, and metrics over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from scoring.admin_kit.formatting import NO_VALUE, count_text, decimal_text
from scoring.admin_kit.plots import Axis, Format, Plot, Series
from scoring.catalog.event_type import EventType
from scoring.learning.baseline_names import BASELINES
from scoring.learning.folds.options import DEFAULT
from scoring.learning.pages.explanation_plots import FoldImportance, fold_importance
from scoring.learning.pages.metric_table import METRICS, RESULT_TONES, MetricDescription, result_text
from scoring.learning.training.recipe import NONE, TREATMENTS
from scoring.timestamps import from_iso

MAIN = "average_precision"
COLORS = 5  # of series; further contenders have dashed lines
PLOT_HEIGHT = 190  # CSS pixels
PLOTS_SHOWN = 3  # the others are folded in
NAMES = {
    DEFAULT: "default recipe",
    NONE: "no treatment of imbalance",
    **{treatment: treatment.replace("_", " ") for treatment in TREATMENTS if treatment != NONE},
    **BASELINES,
}


class SpreadRow(NamedTuple):
    """A metric with the name of each contender and its mean and standard deviation over folds."""

    name: str
    meaning: str
    cells: Sequence[tuple[str, str]]


class DifferenceRow(NamedTuple):
    """How a contender's average precision differs from the first one's."""

    name: str
    difference: str
    better: str
    result: str
    tone: str


class FoldRow(NamedTuple):
    """A fold with its dates and the average precision of each contender."""

    number: int
    origin: str
    until: str
    learned_from: str
    rows: str
    positives: str
    cells: Sequence[str]


@dataclass(frozen=True)
class EvaluationSection:
    """Everything that the template shows; columns are in the order of `contenders`."""

    summary: str
    contenders: Sequence[str]
    metrics: Sequence[SpreadRow]
    differences: Sequence[DifferenceRow]
    folds: Sequence[FoldRow]
    plots: Sequence[Plot]
    more_plots: Sequence[Plot]
    importance: Sequence[FoldImportance]


def section_of_result(result: Mapping[str, Any], kind: type[EventType]) -> EvaluationSection:
    """The section from the stored result of an evaluation of this event type."""
    folds, contenders = result["folds"], result["order"]
    found = {name: result["contenders"][name] for name in contenders}
    shown = [metric for metric in METRICS if _is_known(metric, found)]
    plots = [metric_plot(metric, folds, contenders, kind) for metric in shown]
    return EvaluationSection(
        summary_of(folds),
        [contender_text(name) for name in contenders],
        [_spread_row(metric, found, kind) for metric in shown],
        [_difference_row(name, result["differences"][name]) for name in contenders[1:]],
        [_fold_row(fold, contenders) for fold in folds],
        plots[:PLOTS_SHOWN],
        plots[PLOTS_SHOWN:],
        importance_of(result),
    )


def importance_of(result: Mapping[str, Any]) -> list[FoldImportance]:
    """The importance over folds of each contender that is trained from a recipe."""
    stored = result.get("importance", {})
    return [fold_importance(name, stored[name]) for name in result["order"] if name in stored]


def contender_text(name: str) -> str:
    """The name of a contender for people."""
    return NAMES.get(name, name)


def summary_of(folds: Sequence[Mapping[str, Any]]) -> str:
    """How many folds there are and what they are tested on."""
    rows = sum(fold["rows"] for fold in folds)
    noun = "fold" if len(folds) == 1 else "folds"
    return (
        f"{len(folds)} {noun}, tested on {count_text(rows)} events"
        f" from {_date(folds[0]['origin'])} to {_date(folds[-1]['until'])}"
    )


def metric_plot(
    metric: MetricDescription,
    folds: Sequence[Mapping[str, Any]],
    contenders: Sequence[str],
    kind: type[EventType],
) -> Plot:
    """A metric over the folds, a line for each contender that has it."""
    name = metric.name.format(positive=kind.labels.positive)
    lines = [
        Series(
            contender_text(contender),
            [(from_iso(fold["origin"]), fold["metrics"][contender].get(metric.key)) for fold in folds],
            color=f"series-{1 + place % COLORS}",
            dashed=place >= COLORS,
        )
        for place, contender in enumerate(contenders)
    ]
    return Plot(
        name,
        Axis("Tested from", "time"),
        Axis("", _format_of(metric), unit=kind.base_currency if metric.money else ""),
        [line for line in lines if any(value is not None for _, value in line.points)],
        summary=f"{name} of each contender over the folds.",
        height=PLOT_HEIGHT,
    )


def _is_known(metric: MetricDescription, contenders: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(found.get(metric.key) is not None for found in contenders.values())


def _spread_row(
    metric: MetricDescription, contenders: Mapping[str, Mapping[str, Any]], kind: type[EventType]
) -> SpreadRow:
    positive = kind.labels.positive
    return SpreadRow(
        metric.name.format(positive=positive),
        metric.meaning.format(positive=positive),
        [
            (contender_text(name), spread_text(metric, found.get(metric.key), kind.base_currency))
            for name, found in contenders.items()
        ],
    )


def spread_text(metric: MetricDescription, spread: Mapping[str, Any] | None, currency: str) -> str:
    """ "0.8120 ± 0.0310"; without a deviation where there is one fold."""
    if spread is None:
        return NO_VALUE
    mean = metric.text({metric.key: spread["mean"]}, currency=currency)
    if spread["deviation"] is None:
        return mean
    return f"{mean} ± {metric.text({metric.key: spread['deviation']}, currency=currency)}"


def _difference_row(name: str, found: Mapping[str, Any]) -> DifferenceRow:
    result = result_text(found)
    return DifferenceRow(
        contender_text(name),
        f"{found['mean']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f})",
        f"{found['better']} of {found['folds']}",
        result,
        RESULT_TONES[result],
    )


def _fold_row(fold: Mapping[str, Any], contenders: Sequence[str]) -> FoldRow:
    return FoldRow(
        fold["fold"],
        _date(fold["origin"]),
        _date(fold["until"]),
        count_text(fold["learned_from"]),
        count_text(fold["rows"]),
        count_text(fold["positives"]),
        [decimal_text(fold["metrics"][name].get(MAIN), 4) for name in contenders],
    )


def _format_of(metric: MetricDescription) -> Format:
    if metric.money:
        return "money"
    return "percent" if metric.percent else "number"


def _date(moment: str) -> str:
    return f"{from_iso(moment):%Y-%m-%d}"
