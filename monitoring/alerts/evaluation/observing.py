"""Observes metrics when they are due, and keeps their last values for plots."""

import logging
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitoring.alerts.models import MetricCheck, RecentValues
from monitoring.alerts.scopes import digest_of, key_of
from monitoring.metrics.metric import Metric, Observation
from monitoring.metrics.registry import metrics
from monitoring.metrics.shared_reads import shared_reads

logger = logging.getLogger(__name__)

MAX_POINTS = 120
KEPT = timedelta(days=7)
EARLY = timedelta(seconds=5)  # a check may be this much early: schedules do not keep time exactly
MAX_ERROR = 500  # characters

Observed = Mapping[str, list[Observation]]  # by metric


def observe_due(names: Collection[str], *, now: datetime) -> dict[str, list[Observation]]:
    """What is observed of each of these metrics that is due; those that cannot be observed are left out."""
    checked = dict(MetricCheck.objects.values_list("metric", "checked_at"))
    due = [
        metric
        for name, metric in metrics().items()
        if name in names and is_due(metric, checked.get(name), now=now)
    ]
    with shared_reads():
        found = {metric.name: observe(metric, now=now) for metric in due}
    observed = {name: rows for name, (rows, error) in found.items() if not error}
    _keep_checks(found, now=now)
    _keep_values(observed, now=now)
    return observed


def is_due(metric: Metric, checked_at: datetime | None, *, now: datetime) -> bool:
    return checked_at is None or now - checked_at >= metric.every - EARLY


def observe(metric: Metric, *, now: datetime) -> tuple[list[Observation], str]:
    """What is observed of a metric now, and why it could not be, "" if it was."""
    try:
        return _checked(metric.observe(now=now)), ""
    except Exception as error:  # one metric that fails must not keep the others from firing
        logger.exception("the metric %s could not be observed", metric.name)
        return [], f"{type(error).__name__}: {error}"[:MAX_ERROR]


def _checked(observations: Iterable[Observation]) -> list[Observation]:
    """Observations with plain numbers. Raises ValueError for a second one of a scope."""
    found: dict[str, Observation] = {}
    for each in observations:
        value, low, high = map(_finite, (each.value, each.low, each.high))
        plain = replace(each, value=value, low=low, high=high, rows=int(each.rows))
        if found.setdefault(digest_of(each.scope), plain) is not plain:
            raise ValueError(f"there are two observations of {dict(each.scope)}")
    return list(found.values())


def _finite(value: float | None) -> float | None:
    """A value as a plain number; None if it is not a finite one, which says as little."""
    return float(value) if value is not None and math.isfinite(value) else None


def _keep_checks(found: Mapping[str, tuple[list[Observation], str]], *, now: datetime) -> None:
    rows = [
        MetricCheck(metric=name, checked_at=now, scopes=len(seen), error=error)
        for name, (seen, error) in found.items()
    ]
    MetricCheck.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["metric"],
        update_fields=["checked_at", "scopes", "error"],
    )


def _keep_values(observed: Observed, *, now: datetime) -> None:
    """Add the values to those of each scope, of which the last MAX_POINTS are kept."""
    before = RecentValues.objects.filter(metric__in=observed).in_bulk()
    rows = [
        _with_value(before.get(key_of(name, each.scope)), name, each, now=now)
        for name, seen in observed.items()
        for each in seen
    ]
    RecentValues.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["seen_at", "times", "values"],
    )


def _with_value(before: RecentValues | None, name: str, seen: Observation, *, now: datetime) -> RecentValues:
    row = before or RecentValues(key=key_of(name, seen.scope), metric=name)
    row.seen_at = now
    row.times = [*row.times, now][-MAX_POINTS:]
    row.values = [*row.values, seen.value][-MAX_POINTS:]
    return row


def recent_values(keys: Iterable[str]) -> dict[str, RecentValues]:
    """The last values by key ("{metric}/{digest of the scope}"), as far as there are any."""
    return RecentValues.objects.filter(pk__in=list(keys)).in_bulk()


def prune_values(*, now: datetime) -> int:
    """Delete the values of scopes that were not observed for KEPT; returns of how many."""
    deleted, _ = RecentValues.objects.filter(seen_at__lt=now - KEPT).delete()
    return deleted
