"""The curves of a model version as plots: ROC, precision and recall, calibration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.intervals import wilson_interval
from scoring.learning.pages.metric_table import positive_of
from scoring.registry.models import ModelVersion


@dataclass(frozen=True)
class Standing:
    """Where the events that get an outcome, or a more severe one, stand on the curves."""

    name: str
    color: str
    recall: float
    precision: float
    false_positive_rate: float


def curve_plots(version: ModelVersion, standings: Sequence[Standing] = ()) -> list[Plot]:
    """The ROC, precision-recall and calibration curves of the version and, if compared, of the champion.

    `standings`: thresholds that are marked on the first two.
    """
    curves = version.comparison.get("curves", {})
    names = {"candidate": version.name, "champion": str(version.comparison.get("champion"))}
    return [
        _marked(_roc(curves, names), standings, lambda each: (each.false_positive_rate, each.recall)),
        _marked(
            _precision_recall(curves, names, base_rate=version.metrics["base_rate"]),
            standings,
            lambda each: (each.recall, each.precision),
        ),
        _calibration(curves, names, positive_of(version)),
    ]


def _marked(
    plot: Plot, standings: Sequence[Standing], place: Callable[[Standing], tuple[float, float]]
) -> Plot:
    """The plot with a dot for each standing; an empty one stays empty."""
    if plot.empty:
        return plot
    dots = [Series(each.name, [place(each)], color=each.color, kind="dots") for each in standings]
    return replace(plot, series=[*plot.series, *dots])


def _lines(curves: Mapping[str, Any], names: Mapping[str, str], kind: str) -> list[Series]:
    colors = {"candidate": "series-1", "champion": "series-2"}
    return [
        Series(names[who], [(x, y) for x, y, *_ in curves[who][kind]], color=colors[who])
        for who in colors
        if who in curves
    ]


def _roc(curves: Mapping[str, Any], names: Mapping[str, str]) -> Plot:
    chance = Series("chance", [(0, 0), (1, 1)], color="muted", dashed=True)
    lines = _lines(curves, names, "roc")
    return Plot(
        "ROC curve",
        Axis("False positive rate", "percent", 0, 1),
        Axis("Recall", "percent", 0, 1),
        [*lines, chance] if lines else [],
        summary="Recall against the false positive rate as the threshold falls.",
    )


def _precision_recall(curves: Mapping[str, Any], names: Mapping[str, str], *, base_rate: float) -> Plot:
    chance = Series("chance", [(0, base_rate), (1, base_rate)], color="muted", dashed=True)
    lines = _lines(curves, names, "pr")
    return Plot(
        "Precision-recall curve",
        Axis("Recall", "percent", 0, 1),
        Axis("Precision", "percent", 0, 1),
        [*lines, chance] if lines else [],
        summary="Precision against recall as the threshold falls.",
    )


def _calibration(curves: Mapping[str, Any], names: Mapping[str, str], positive: str) -> Plot:
    perfect = Series("perfect", [(0, 0), (1, 1)], color="muted", dashed=True)
    lines = _lines(curves, names, "calibration")
    if lines:
        lines[0] = _with_band(lines[0], curves["candidate"]["calibration"])
    return Plot(
        "Calibration curve",
        Axis("Mean score", "percent", 0, 1),
        Axis(f"Observed share of {positive}", "percent", 0, 1),
        [*lines, perfect] if lines else [],
        summary=f"Observed share of {positive} against the mean score, in 15 bins of equal width; the band is"
        " the 95\N{NO-BREAK SPACE}% interval.",
    )


def _with_band(series: Series, bins: Sequence[Sequence[float]]) -> Series:
    """The series with the 95 % Wilson interval of each bin's share, which is wide where events are few."""
    intervals = [wilson_interval(round(share * rows), int(rows)) for _, share, rows in bins]
    return replace(series, low=[low for low, _ in intervals], high=[high for _, high in intervals])
