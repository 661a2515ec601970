"""Exposures summed by unit and arm in the database, which returns a few sums per arm."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from experiments.metrics import METRICS, Metric
from experiments.models import Exposure
from experiments.statistics.moments import Moments

_TABLE = Exposure._meta.db_table

# The counts of a unit. `matured`: decided long enough ago that its label is known or inferred.
_COUNTS = {
    "decisions": "count(*)",
    "blocked": "count(*) FILTER (WHERE outcome = 'block')",
    "reviewed": "count(*) FILTER (WHERE outcome = 'review')",
    "matured": "count(*) FILTER (WHERE mature)",
    "inferred": "count(*) FILTER (WHERE mature AND label IS NULL)",
    "fraud": "count(*) FILTER (WHERE mature AND label = %(positive)s)",
    "missed": "count(*) FILTER (WHERE mature AND label = %(positive)s AND outcome = 'allow')",
    "lost": "coalesce(sum(stake) FILTER (WHERE mature AND label = %(positive)s AND outcome = 'allow'), 0)",
    "known_fraud": "count(*) FILTER (WHERE label = %(positive)s)",
}
_TOTALS = ("decisions", "blocked", "reviewed", "matured", "inferred", "fraud", "known_fraud")
_EXPOSED = f"""
    SELECT *, decided_at <= %(mature_before)s AS mature FROM {_TABLE} WHERE experiment = %(experiment)s
"""  # noqa: S608 (built from constants; values are parameters)


def _moment_columns(metric: Metric) -> list[str]:
    y, n = metric.y, metric.n
    return [
        f"count(*) FILTER (WHERE {n} > 0)",
        *(f"coalesce(sum({product}), 0)" for product in (y, n, f"{y} * {y}", f"{n} * {n}", f"{y} * {n}")),
        f"count(*) FILTER (WHERE {y} > 0)",
        f"count(*) FILTER (WHERE {y} < {n})",
    ]


# float8, because squared amounts overflow 64 bits; counts stay exact up to 2^53.
_PER_UNIT = ", ".join(f"({counted})::float8 AS {name}" for name, counted in _COUNTS.items())
_SUMS = ", ".join(
    [*(f"sum({name})::bigint" for name in _TOTALS), *(c for m in METRICS for c in _moment_columns(m))]
)
_BY_ARM = f"""
SELECT arm, count(*), {_SUMS}
FROM (SELECT arm, {_PER_UNIT} FROM ({_EXPOSED}) AS exposed GROUP BY arm, unit) AS unit
GROUP BY arm
"""  # noqa: S608
_SLICE_COUNTS = ("decisions", "blocked", "reviewed", "matured", "missed", "fraud")
_OVER_TIME = f"""
SELECT date_bin(%(width)s, decided_at, %(origin)s) AS moment, arm,
       {", ".join(_COUNTS[name] for name in _SLICE_COUNTS)}
FROM ({_EXPOSED}) AS exposed GROUP BY moment, arm ORDER BY moment
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ArmSums:
    """An arm's number of units, its totals by name, and the moments of each metric by name."""

    units: int
    totals: dict[str, int]
    moments: dict[str, Moments]


@dataclass(frozen=True, slots=True)
class TimeSlice:
    """The counts of one arm in the slice of time that starts at `moment`."""

    moment: datetime
    arm: str
    counts: dict[str, int]


NO_EXPOSURES = ArmSums(
    0, dict.fromkeys(_TOTALS, 0), {metric.name: Moments(0, 0, 0, 0, 0, 0, 0, 0) for metric in METRICS}
)


def sum_by_arm(experiment: str, *, positive: str, mature_before: datetime) -> dict[str, ArmSums]:
    """The sums of both arms by name; `positive` is the label that means fraud."""
    values = {"experiment": experiment, "positive": positive, "mature_before": mature_before}
    found = {arm: _arm_sums(sums) for arm, *sums in _rows(_BY_ARM, values)}
    return {arm: found.get(arm, NO_EXPOSURES) for arm in Exposure.Arm.values}


def sum_over_time(
    experiment: str, *, positive: str, mature_before: datetime, origin: datetime, width: timedelta
) -> list[TimeSlice]:
    """Counts by arm and by slices of `width` starting at `origin`, oldest first."""
    values = {
        "experiment": experiment,
        "positive": positive,
        "mature_before": mature_before,
        "origin": origin,
        "width": width,
    }
    return [
        TimeSlice(moment, arm, dict(zip(_SLICE_COUNTS, counts, strict=True)))
        for moment, arm, *counts in _rows(_OVER_TIME, values)
    ]


def _arm_sums(values: list[Any]) -> ArmSums:
    units, *rest = values
    totals, sums = rest[: len(_TOTALS)], rest[len(_TOTALS) :]
    width = len(sums) // len(METRICS)
    moments = {
        metric.name: Moments(*sums[place * width : (place + 1) * width])
        for place, metric in enumerate(METRICS)
    }
    return ArmSums(units, dict(zip(_TOTALS, totals, strict=True)), moments)


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
