"""Plots of an experiment over time."""

from collections.abc import Sequence
from typing import Any

from experiments.models import Experiment
from experiments.results.compute import CONTROL, TREATMENT
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.timestamps import from_iso

_RATES = (
    ("Block rate so far", "Share of decisions", "blocked", "decisions"),
    ("Review rate so far", "Share of decisions", "reviewed", "decisions"),
    ("Missed-fraud rate so far", "Share of mature decisions", "missed", "matured"),
)


def course_plots(experiment: Experiment, course: Sequence[dict[str, Any]]) -> list[Plot]:
    """Cumulative rates by arm and the number of decisions; rates with a zero denominator are left out."""
    rates = [
        Plot(
            title=title,
            x=Axis("Decided up to", "time"),
            y=Axis(axis, "percent", minimum=0),
            series=[_rate(experiment, course, arm, y, n) for arm in (CONTROL, TREATMENT)],
            summary=f"{title} of the control {experiment.control} and the treatment"
            f" {experiment.treatment} over time.",
        )
        for title, axis, y, n in _RATES
        if course and any(counts and counts[n] for counts in course[-1].values() if isinstance(counts, dict))
    ]
    return [*rates, _decisions(experiment, course)] if course else []


def _rate(experiment: Experiment, course: Sequence[dict[str, Any]], arm: str, y: str, n: str) -> Series:
    """Ends where the denominator stops growing: later decisions are not mature yet."""
    counted = [(from_iso(each["until"]), each[arm]) for each in course if each[arm] and each[arm][n]]
    most = max((counts[n] for _, counts in counted), default=0)
    growing = [at for at, (_, counts) in enumerate(counted) if counts[n] == most][:1]
    upto = counted[: growing[0] + 1] if growing else []
    return _series(experiment, arm, [(moment, counts[y] / counts[n]) for moment, counts in upto])


def _decisions(experiment: Experiment, course: Sequence[dict[str, Any]]) -> Plot:
    series = [
        _series(
            experiment,
            arm,
            [(from_iso(each["until"]), each[arm]["decisions"] if each[arm] else 0) for each in course],
        )
        for arm in (CONTROL, TREATMENT)
    ]
    return Plot(
        title="Decisions so far",
        x=Axis("Decided up to", "time"),
        y=Axis("Decisions", minimum=0),
        series=series,
        summary="The number of decisions in each arm over time.",
    )


def _series(experiment: Experiment, arm: str, points: list[tuple[Any, float | None]]) -> Series:
    model = experiment.control if arm == CONTROL else experiment.treatment
    color = "series-1" if arm == CONTROL else "series-2"
    return Series(label=f"{arm}: {model}", points=points, color=color)
