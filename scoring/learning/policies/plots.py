"""The curve of judged events as plots, with the points where a policy stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.learning.policies.curve import Curve
from scoring.learning.policies.effect import REVIEW, Effect
from scoring.rules.policies.costs import NEVER

EMPTY = "No judged events."


@dataclass(frozen=True)
class Standing:
    """Where a policy stands on the curve: its effect under a name and in a color."""

    name: str
    effect: Effect
    color: str


def curve_plots(curve: Curve, standings: Sequence[Standing], *, currency: str) -> list[Plot]:
    """Precision and recall, money, and volume over the threshold."""
    return [
        _quality_plot(curve, standings),
        _money_plot(curve, standings, currency),
        _volume_plot(curve, standings),
    ]


def threshold_of(curve: Curve, events_a_day: float) -> float:
    """The single threshold that as many events a day reach; NEVER if none do.

    A policy by cost has no single threshold, and stands where as many events are blocked.
    """
    reached = np.flatnonzero(curve.events >= events_a_day * (1 - 1e-9))
    if events_a_day <= 0 or not len(curve.threshold):
        return NEVER
    return float(curve.threshold[reached[0]] if len(reached) else curve.threshold[-1])


def _quality_plot(curve: Curve, standings: Sequence[Standing]) -> Plot:
    lines = [
        _line("precision", curve, curve.precision, "series-1"),
        _line("recall", curve, curve.recall, "series-3"),
    ]
    dots = [
        dot
        for each in standings
        for dot in (
            _dot(curve, each, f"{each.name}: precision of blocks", each.effect.block.precision),
            _dot(curve, each, f"{each.name}: recall of blocks", each.effect.recall),
        )
        if dot
    ]
    return _plot(
        "Precision and recall by threshold",
        Axis("Share", "percent", 0, 1),
        [*lines, *dots],
        "Precision and recall of the events whose score reaches a threshold.",
    )


def _money_plot(curve: Curve, standings: Sequence[Standing], currency: str) -> Plot:
    lines = [
        _line("fraud", curve, curve.caught, "block"),
        _line("good events", curve, curve.refused, "series-5"),
    ]
    dots = [
        dot
        for each in standings
        if (dot := _dot(curve, each, f"{each.name}: fraud blocked", each.effect.block.fraud_money))
    ]
    return _plot(
        "Money at or above a threshold, a day",
        Axis(f"{currency} a day", "money", 0, unit=currency),
        [*lines, *dots],
        "The money of fraud and of good events whose score reaches a threshold, a day.",
    )


def _volume_plot(curve: Curve, standings: Sequence[Standing]) -> Plot:
    lines = [
        _line("all events", curve, curve.events, "series-1"),
        _line("good events", curve, curve.good, "series-5"),
    ]
    dots = []
    for each in standings:
        if dot := _dot(curve, each, f"{each.name}: blocked", each.effect.block.events):
            dots.append(dot)
        above = each.effect.block.events + each.effect.reviews
        place = threshold_of(curve, above)
        if each.effect.reviews and place <= 1:
            dots.append(Series(f"{each.name}: reviewed or blocked", [(place, above)], REVIEW, kind="dots"))
    return _plot(
        "Events at or above a threshold, a day",
        Axis("Events a day (log)", logarithmic=True),
        [*lines, *dots],
        "How many events a day have a score that reaches a threshold.",
    )


def _line(name: str, curve: Curve, values: np.ndarray, color: str) -> Series:
    points = list(zip(curve.threshold.tolist(), values.tolist(), strict=True))
    return Series(name, points[::-1], color=color)


def _dot(curve: Curve, standing: Standing, name: str, value: float | None) -> Series | None:
    place = threshold_of(curve, standing.effect.block.events)
    if value is None or place > 1:
        return None
    return Series(name, [(place, value)], color=standing.color, kind="dots")


def _plot(title: str, y: Axis, series: Sequence[Series], summary: str) -> Plot:
    x = Axis("Threshold on the score", "percent", 0, 1)
    return Plot(title, x, y, series, summary=summary, height=280, empty_text=EMPTY)
