"""The metrics of an experiment as rows of the table and of the interval plot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.metrics import METRICS, Metric
from experiments.models import Experiment
from experiments.results.compute import CONTROL, TREATMENT
from experiments.results.conclusions import Result, always_valid_limits, maturity_date
from experiments.results.metric_format import Limits, MetricFormat, lift_text, limits_of, p_text
from scoring.admin_kit.formatting import NO_VALUE


@dataclass(frozen=True, slots=True)
class PlotSpan:
    """An interval to draw, in percent of the plot's width, with zero difference at 50."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric with its texts ready to show.

    `pending` says why there is no difference yet, "" if there is one; `point` is its place in the plot.
    """

    metric: Metric
    primary: bool
    control: tuple[str, str]
    treatment: tuple[str, str]
    difference: str
    interval: str
    always: str
    p_value: str
    lift: str
    exact: bool
    pending: str
    point: float
    span: PlotSpan | None
    always_span: PlotSpan | None


def metric_rows(experiment: Experiment, result: Result) -> list[MetricRow]:
    """Every metric, the primary one first."""
    ordered = sorted(METRICS, key=lambda metric: metric.name != experiment.primary_metric)
    return [_row(metric, experiment, result) for metric in ordered]


def _row(metric: Metric, experiment: Experiment, result: Result) -> MetricRow:
    written, found = MetricFormat.of(metric, experiment), result["metrics"][metric.name]
    comparison = found["comparison"]
    difference = comparison["difference"] if comparison else None
    fixed, always = limits_of(difference), always_valid_limits(comparison)
    control, treatment = ((written.level(arm), written.level_span(arm)) for arm in _arms(found))
    widest = max((abs(end) for limits in (fixed, always) for end in limits or ()), default=0.0) or 1.0
    return MetricRow(
        metric=metric,
        primary=metric.name == experiment.primary_metric,
        control=control,
        treatment=treatment,
        difference=f"{written.signed(difference['value'])} {written.unit}" if difference else NO_VALUE,
        interval=written.difference(fixed) if fixed else "",
        always=written.difference(always) if always else "",
        p_value=p_text(comparison["p_value"] if comparison else None),
        lift=lift_text(comparison["lift"] if comparison else None),
        exact=difference is not None and difference["method"] == "exact",
        pending=_why_pending(metric, difference, result),
        point=_position(difference["value"], widest) if difference else 50,
        span=_span(fixed, widest),
        always_span=_span(always, widest),
    )


def _arms(found: Mapping[str, Any]) -> list[Mapping[str, Any] | None]:
    return [found["arms"][CONTROL], found["arms"][TREATMENT]]


def _why_pending(metric: Metric, difference: Mapping[str, Any] | None, result: Result) -> str:
    if difference is None:
        return f"mature from {maturity_date(result)}" if metric.mature else "one arm has no decisions yet"
    return "too few losses for an interval" if difference["method"] == "none" else ""


def _span(limits: Limits | None, widest: float) -> PlotSpan | None:
    return PlotSpan(_position(limits[0], widest), _position(limits[1], widest)) if limits else None


def _position(value: float, widest: float) -> float:
    return round(50 + 48 * value / widest, 2)
