"""Computes an experiment's results from sums of exposures, and stores them in one row."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min

from experiments.metrics import METRICS, Metric
from experiments.models import Experiment, ExperimentResult, Exposure
from experiments.results.aggregates import ArmSums, TimeSlice, sum_by_arm, sum_over_time
from experiments.statistics.comparisons import ArmComparison, compare
from experiments.statistics.estimates import LEVEL, estimate, estimate_total
from experiments.statistics.moments import Moments
from experiments.statistics.sample_ratio import check_sample_ratio
from scoring.catalog.registry import event_type as find_event_type
from scoring.timestamps import to_iso

CONTROL, TREATMENT = Exposure.Arm.CONTROL.value, Exposure.Arm.TREATMENT.value
Span = tuple[datetime, datetime]

MATURITY_CHECK_EVERY = timedelta(hours=1)  # for decisions that mature after the last change
UNITS_WITHOUT_A_PLAN = 10_000  # where always-valid intervals are narrowest without a plan
MAX_SLICES = 60
_WIDTHS = [timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 720, 1440, 4320, 10080)]


def refresh_results(*, now: datetime) -> list[str]:
    """Recompute the results that are out of date; returns the names of their experiments."""
    stored = {row.experiment: row for row in ExperimentResult.objects.defer("data")}
    due = [e for e in Experiment.objects.all() if is_due(e, stored.get(e.name), now=now)]
    for experiment in due:
        refresh_result(experiment, now=now)
    return [experiment.name for experiment in due]


def is_due(experiment: Experiment, stored: ExperimentResult | None, *, now: datetime) -> bool:
    """Whether exposures or labels arrived, or an hour has passed while decisions still mature."""
    if stored is None or stored.as_of is None or stored.changes != stored.computed_changes:
        return True
    last = experiment.ended_at or now
    all_mature = stored.as_of > last + find_event_type(experiment.event_type).matures_after
    return not all_mature and now - stored.as_of >= MATURITY_CHECK_EVERY


def refresh_result(experiment: Experiment, *, now: datetime) -> None:
    """Compute and store the results of one experiment as of `now`."""
    # Read the count before the exposures: changes in between are computed again, never missed.
    row, _ = ExperimentResult.objects.get_or_create(experiment=experiment.name)
    data = compute_result(experiment, now=now)
    ExperimentResult.objects.filter(pk=row.pk).update(computed_changes=row.changes, as_of=now, data=data)


def compute_result(experiment: Experiment, *, now: datetime) -> dict[str, Any]:
    """Arms, sample ratio, metrics and their course over time, to be shown (docs/reference/experiments.md)."""
    kind = find_event_type(experiment.event_type)
    how: dict[str, Any] = {"positive": kind.labels.positive, "mature_before": now - kind.matures_after}
    planned = experiment.plan.get("units") or UNITS_WITHOUT_A_PLAN
    span = _first_and_last(experiment)
    first, last = span or (experiment.started_at, experiment.started_at)
    return {
        "as_of": to_iso(now),
        "level": LEVEL,
        "first_at": to_iso(first) if span else None,
        "last_at": to_iso(last) if span else None,
        "matures_from": to_iso(first + kind.matures_after),
        "matures_until": to_iso(last + kind.matures_after),
        **describe(sum_by_arm(experiment.name, **how), share=experiment.share, planned_units=planned),
        "over_time": _course(experiment, span, **how) if span else [],
    }


def describe(arms: Mapping[str, ArmSums], *, share: float, planned_units: int) -> dict[str, Any]:
    """Arms, sample ratio and metrics of the sums of both arms."""
    ratio = check_sample_ratio((arms[CONTROL].units, arms[TREATMENT].units), share=share)
    return {
        "arms": {name: _described_arm(sums) for name, sums in arms.items()},
        "sample_ratio": ratio._asdict() if ratio else None,
        "metrics": {metric.name: _described_metric(metric, arms, planned_units) for metric in METRICS},
    }


def _first_and_last(experiment: Experiment) -> Span | None:
    """The times of the first and last exposure; None without any."""
    span = Exposure.objects.filter(experiment=experiment.name).aggregate(
        first=Min("decided_at"), last=Max("decided_at")
    )
    return (span["first"], span["last"]) if span["first"] else None


def _described_arm(sums: ArmSums) -> dict[str, Any]:
    return {"units": sums.units, **sums.totals, "loss": estimate_total(sums.moments["loss"])._asdict()}


def _described_metric(metric: Metric, arms: Mapping[str, ArmSums], planned: int) -> dict[str, Any]:
    moments: dict[str, Moments] = {name: sums.moments[metric.name] for name, sums in arms.items()}
    estimates = {name: estimate(m, share=metric.is_share) for name, m in moments.items()}
    comparison = compare(moments[CONTROL], moments[TREATMENT], share=metric.is_share, planned_units=planned)
    return {
        "arms": {name: found._asdict() if found else None for name, found in estimates.items()},
        "units": {name: m.units for name, m in moments.items()},
        "comparison": _described_comparison(comparison) if comparison else None,
    }


def _described_comparison(comparison: ArmComparison) -> dict[str, Any]:
    return comparison._asdict() | {
        "difference": comparison.difference._asdict(),
        "lift": comparison.lift._asdict() if comparison.lift else None,
    }


def _course(experiment: Experiment, span: Span, **how: Any) -> list[dict[str, Any]]:
    """Cumulative counts of both arms at the end of each time slice."""
    width = slice_width(span[1] - span[0])
    slices = sum_over_time(experiment.name, origin=experiment.started_at, width=width, **how)
    return accumulate(slices, width=width)


def slice_width(length: timedelta) -> timedelta:
    """The narrowest standard width that divides `length` into at most MAX_SLICES."""
    return next((width for width in _WIDTHS if length <= width * MAX_SLICES), length / MAX_SLICES)


def accumulate(slices: Sequence[TimeSlice], *, width: timedelta) -> list[dict[str, Any]]:
    """`slices`, oldest first, as running totals: [{"until", "control": counts or None, "treatment": ...}]."""
    totals: dict[str, dict[str, int]] = {}
    course: dict[datetime, dict[str, Any]] = {}
    for each in slices:
        before = totals.get(each.arm, {})
        totals[each.arm] = {name: before.get(name, 0) + count for name, count in each.counts.items()}
        course[each.moment] = {
            "until": to_iso(each.moment + width),
            CONTROL: totals.get(CONTROL),
            TREATMENT: totals.get(TREATMENT),
        }
    return list(course.values())
