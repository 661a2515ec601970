"""What results say, in words and figures, for whoever has to decide by them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.metrics import BY_NAME, METRICS, Metric
from experiments.models import Experiment
from experiments.results.compute import CONTROL, TREATMENT
from experiments.results.metric_format import Limits, Scale, lift_text, limits_of, p_text
from scoring.admin_kit.formatting import NO_VALUE, count_text
from scoring.timestamps import from_iso

Result = Mapping[str, Any]
Comparison = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentence at the top, what to know besides, and their tone: good, bad, or info for neither."""

    tone: str
    sentence: str
    besides: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """An interval to draw, in per cent of the width with no difference at 50: from `low` to `high`."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Line:
    """A metric as a row of the table and of the picture; texts are ready to be shown.

    `wait` says why there is no difference yet, "" if there is one; `point` is its place in the picture.
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
    wait: str
    point: float
    reach: Reach | None
    always_reach: Reach | None


def answer(experiment: Experiment, result: Result) -> Answer:
    """What can be said by now; results that cannot be trusted say so before anything else."""
    if not result or not _total(result, "decisions"):
        return Answer("info", "Nothing to say yet: no decision has been made in it so far.")
    if result["sample_ratio"]["alarm"]:
        return Answer(
            "bad",
            f"Do not trust these results: {experiment.unit}s were not split as planned.",
            "Something lets one arm see or lose units that the other does not; find it, then start afresh.",
        )
    metric = BY_NAME[experiment.primary_metric]
    comparison = result["metrics"][metric.name]["comparison"]
    besides = _besides(metric, experiment, result)
    if is_shown(comparison):
        return Answer(_tone(metric, comparison), _claim(metric, experiment, comparison), besides)
    early = "Too early to say" if experiment.state == Experiment.State.RUNNING else "No difference was shown"
    return Answer("info", f"{early}: {_what_is_missing(metric, experiment, result)}", besides)


def _tone(metric: Metric, comparison: Comparison) -> str:
    if not metric.harm:
        return "info"
    return "bad" if comparison["difference"]["value"] > 0 else "good"


def is_shown(comparison: Comparison | None) -> bool:
    """Whether the interval that holds at every look leaves out no difference."""
    limits = always_limits(comparison)
    return limits is not None and not limits[0] <= 0 <= limits[1]


def always_limits(comparison: Comparison | None) -> Limits | None:
    """The interval that holds however often one has looked; None where there is none."""
    if comparison is None or comparison["always_low"] is None:
        return None
    return comparison["always_low"], comparison["always_high"]


def _what_is_missing(metric: Metric, experiment: Experiment, result: Result) -> str:
    comparison = result["metrics"][metric.name]["comparison"]
    title = metric.title.lower()
    if comparison is None and metric.mature and not _total(result, "matured"):
        return f"{title} rests on labels, and the first decisions are mature on {_day(result)}."
    if comparison is None:
        return "one of the arms has no decisions yet."
    limits = always_limits(comparison)
    if limits is None:
        return f"too few {experiment.unit}s show the event ({title}) for more than a guess."
    span = Scale.of(metric, experiment).difference(limits)
    return f"for the primary metric ({title}), any difference from {span} fits what was seen."


def _claim(metric: Metric, experiment: Experiment, comparison: Comparison) -> str:
    """ "payment-3 blocks 0.40 points less of the decisions than payment-2 (0.20 to 0.60)."."""
    scale, value = Scale.of(metric, experiment), comparison["difference"]["value"]
    amount = f"{scale.amount(value)} {'more' if value > 0 else 'less'}"
    near, far = sorted(always_limits(comparison) or (), key=abs)
    return (
        f"{experiment.treatment} {metric.claim.format(amount)} than {experiment.control}"
        f" ({scale.plain(near)} to {scale.plain(far)})."
    )


def _besides(primary: Metric, experiment: Experiment, result: Result) -> str:
    """What else was shown, and what is still to come."""
    compared = [(m, result["metrics"][m.name]["comparison"]) for m in METRICS if m is not primary]
    claims = [_claim(metric, experiment, found) for metric, found in compared if is_shown(found)]
    if not _total(result, "matured") and not primary.mature:
        claims.append(f"Fraud is not mature before {_day(result)}.")
    return " ".join(claims)


def lines(experiment: Experiment, result: Result) -> list[Line]:
    """Every metric, the primary one first."""
    ordered = sorted(METRICS, key=lambda metric: metric.name != experiment.primary_metric)
    return [_line(metric, experiment, result) for metric in ordered]


def _line(metric: Metric, experiment: Experiment, result: Result) -> Line:
    scale, found = Scale.of(metric, experiment), result["metrics"][metric.name]
    comparison = found["comparison"]
    difference = comparison["difference"] if comparison else None
    fixed, always = limits_of(difference), always_limits(comparison)
    control, treatment = ((scale.level(arm), scale.level_span(arm)) for arm in _arms(found))
    most = max((abs(end) for limits in (fixed, always) for end in limits or ()), default=0.0) or 1.0
    return Line(
        metric=metric,
        primary=metric.name == experiment.primary_metric,
        control=control,
        treatment=treatment,
        difference=f"{scale.signed(difference['value'])} {scale.unit}" if difference else NO_VALUE,
        interval=scale.difference(fixed) if fixed else "",
        always=scale.difference(always) if always else "",
        p_value=p_text(comparison["p_value"] if comparison else None),
        lift=lift_text(comparison["lift"] if comparison else None),
        exact=difference is not None and difference["method"] == "exact",
        wait=_wait(metric, difference, result),
        point=_place(difference["value"], most) if difference else 50,
        reach=_reach(fixed, most),
        always_reach=_reach(always, most),
    )


def _arms(found: Mapping[str, Any]) -> list[Mapping[str, Any] | None]:
    return [found["arms"][CONTROL], found["arms"][TREATMENT]]


def _wait(metric: Metric, difference: Mapping[str, Any] | None, result: Result) -> str:
    if difference is None:
        return f"matures from {_day(result)}" if metric.mature else "an arm has no decisions yet"
    return "too few losses for an interval" if difference["method"] == "none" else ""


def _reach(limits: Limits | None, most: float) -> Reach | None:
    return Reach(_place(limits[0], most), _place(limits[1], most)) if limits else None


def _place(value: float, most: float) -> float:
    return round(50 + 48 * value / most, 2)


def inferred_text(result: Result) -> str:
    """How many mature decisions nobody labelled, and what they are taken for; "" before any is mature."""
    matured, inferred = _total(result, "matured"), _total(result, "inferred")
    if not matured:
        return ""
    return (
        f"{count_text(matured)} decisions are mature; {count_text(inferred)} of them nobody labelled,"
        " and they are taken for legitimate."
    )


def _total(result: Result, name: str) -> int:
    return sum(arm[name] for arm in result["arms"].values())


def _day(result: Result) -> str:
    return f"{from_iso(result['matures_from']):%Y-%m-%d}"
