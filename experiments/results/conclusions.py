"""What an experiment's results say so far, in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.metrics import BY_NAME, METRICS, Metric
from experiments.models import Experiment
from experiments.results.metric_format import Limits, MetricFormat
from scoring.admin_kit.formatting import count_text
from scoring.timestamps import from_iso

Result = Mapping[str, Any]  # `ExperimentResult.data`
Compared = Mapping[str, Any]  # a metric's `comparison` in it


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The main sentence, further `details`, and their tone: good, bad, or info for neither."""

    tone: str
    sentence: str
    details: str = ""


def conclude(experiment: Experiment, result: Result) -> Conclusion:
    """What the results show so far; results that cannot be trusted say so before anything else."""
    if not result or not total(result, "decisions"):
        return Conclusion("info", "No results yet: the experiment has no decisions so far.")
    if result["sample_ratio"]["alarm"]:
        return Conclusion(
            "bad",
            f"Do not trust these results: {experiment.unit}s were not split as planned.",
            "One arm gains or loses units that the other does not. Find the cause, then start a new"
            " experiment.",
        )
    metric = BY_NAME[experiment.primary_metric]
    comparison = result["metrics"][metric.name]["comparison"]
    details = _details(metric, experiment, result)
    if is_significant(comparison):
        return Conclusion(_tone(metric, comparison), _claim(metric, experiment, comparison), details)
    verdict = _inconclusive(comparison, ended=experiment.state != Experiment.State.RUNNING)
    return Conclusion("info", f"{verdict}: {_why_inconclusive(metric, experiment, result)}", details)


def is_significant(comparison: Compared | None) -> bool:
    """Whether the always-valid interval excludes zero."""
    limits = always_valid_limits(comparison)
    return limits is not None and not limits[0] <= 0 <= limits[1]


def always_valid_limits(comparison: Compared | None) -> Limits | None:
    """The interval that stays valid at every look; None where there is none."""
    if comparison is None or comparison["always_low"] is None:
        return None
    return comparison["always_low"], comparison["always_high"]


def inferred_text(result: Result) -> str:
    """How many mature decisions have no label and count as legitimate; "" before any is mature."""
    matured, inferred = total(result, "matured"), total(result, "inferred")
    if not matured:
        return ""
    return (
        f"{count_text(matured)} decisions are mature; {count_text(inferred)} of them have no label and"
        f" count as"
        " legitimate."
    )


def maturity_date(result: Result) -> str:
    """The day from which the first decisions are mature."""
    return f"{from_iso(result['matures_from']):%Y-%m-%d}"


def total(result: Result, name: str) -> int:
    """A count summed over both arms."""
    return sum(arm[name] for arm in result["arms"].values())


def _tone(metric: Metric, comparison: Compared) -> str:
    if not metric.harm:
        return "info"
    return "bad" if comparison["difference"]["value"] > 0 else "good"


def _inconclusive(comparison: Compared | None, *, ended: bool) -> str:
    if not ended:
        return "Too early to say"
    return "No significant difference" if always_valid_limits(comparison) else "Inconclusive"


def _why_inconclusive(metric: Metric, experiment: Experiment, result: Result) -> str:
    comparison = result["metrics"][metric.name]["comparison"]
    if comparison is None and metric.mature and not total(result, "matured"):
        return (
            f"the {metric.noun} needs labels, and the first decisions are mature on {maturity_date(result)}."
        )
    if comparison is None:
        return "one of the arms has no decisions yet."
    limits = always_valid_limits(comparison)
    if limits is None:
        return f"too few {experiment.unit}s so far to compare the {metric.noun}."
    span = MetricFormat.of(metric, experiment).difference(limits)
    return f"the difference in {metric.noun}, the primary metric, may be anything from {span}."


def _claim(metric: Metric, experiment: Experiment, comparison: Compared) -> str:
    """ "payment-3's block rate is 0.40 points lower than payment-2's (0.20 to 0.60)."."""
    written, value = MetricFormat.of(metric, experiment), comparison["difference"]["value"]
    near, far = sorted(always_valid_limits(comparison) or (), key=abs)
    return (
        f"{experiment.treatment}'s {metric.noun} is {written.amount(value)}"
        f" {'higher' if value > 0 else 'lower'}"
        f" than {experiment.control}'s ({written.plain(near)} to {written.plain(far)})."
    )


def _details(primary: Metric, experiment: Experiment, result: Result) -> str:
    """Other significant differences, and when fraud can be compared."""
    compared = [(m, result["metrics"][m.name]["comparison"]) for m in METRICS if m is not primary]
    claims = [_claim(metric, experiment, found) for metric, found in compared if is_significant(found)]
    if not total(result, "matured") and not primary.mature:
        claims.append(f"Fraud can be compared from {maturity_date(result)} on, once labels are mature.")
    return " ".join(claims)
