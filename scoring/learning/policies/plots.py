"""The curve of judged events as plots, with the points where a policy stands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.learning.policies.curve import Curve
from scoring.learning.policies.effect import Effect
from scoring.rules.policies.costs import NEVER

EMPTY = "No judged events."


@dataclass(frozen=True)
class Standing:
    """Where a policy stands on the curve: its effect under a name and in a color."""

    name: str
    effect: Effect
    color: str


def curve_plots(curve: Curve, standings: Sequence[Standing], *, currency: str) -> list[Plot]:
    """Precision and recall, money, and volume of blocks over the threshold."""
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
    dots = [_dots(curve, each, each.effect.block.precision, each.effect.recall) for each in standings]
    return _plot(
        "Precision and recall of blocks",
        Axis("Share", "percent", 0, 1),
        [*lines, *filter(None, dots)],
        "Precision and recall of the events whose score reaches a threshold.",
    )


def _money_plot(curve: Curve, standings: Sequence[Standing], currency: str) -> Plot:
    lines = [
        _line("fraud", curve, curve.caught, "block"),
        _line("good events", curve, curve.refused, "series-5"),
    ]
    dots = [
        _dots(curve, each, each.effect.block.fraud_money, each.effect.block.good_money) for each in standings
    ]
    return _plot(
        "Money blocked a day",
        Axis(f"{currency} a day (log)", "money", unit=currency, logarithmic=True),
        [*lines, *filter(None, dots)],
        "The money of fraud and of good events whose score reaches a threshold, a day.",
    )


def _volume_plot(curve: Curve, standings: Sequence[Standing]) -> Plot:
    lines = [
        _line("all events", curve, curve.events, "series-1"),
        _line("good events", curve, curve.good, "series-5"),
    ]
    dots = [_dots(curve, each, each.effect.block.events, each.effect.block.good) for each in standings]
    return _plot(
        "Events blocked a day",
        Axis("Events a day (log)", logarithmic=True),
        [*lines, *filter(None, dots)],
        "How many events a day, and how many good ones, have a score that reaches a threshold.",
    )


def _line(name: str, curve: Curve, values: np.ndarray, color: str) -> Series:
    """A line over the threshold, with gaps where it is 0, which a logarithmic axis does not have."""
    points = zip(curve.threshold.tolist(), (value or None for value in values.tolist()), strict=True)
    return Series(name, list(points)[::-1], color=color)


def _dots(curve: Curve, standing: Standing, *values: float | None) -> Series | None:
    """A policy's values where it stands; None for one that blocks nothing."""
    place = threshold_of(curve, standing.effect.block.events)
    points = [(place, value) for value in values if value]
    return Series(standing.name, points, color=standing.color, kind="dots") if place <= 1 and points else None


def _plot(title: str, y: Axis, series: Sequence[Series], summary: str) -> Plot:
    x = Axis("Block from a score of", "percent", 0, 1)
    return Plot(title, x, y, series, summary=summary, height=280, empty_text=EMPTY)
