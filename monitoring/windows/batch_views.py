"""Freshness of batch views: counts decisions by whether they had a fresh version of each view."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Max, Sum

from monitoring.models import BatchWindow
from monitoring.windows.hourly import to_hour
from scoring.batch.declared import batch_views
from scoring.batch.models import BatchVersion
from scoring.batch.versions import NONE, ViewVersions, read_versions_of
from scoring.batch.views import BatchView
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.sql.bulk_tables import insert_values
from scoring.timestamps import from_iso, to_micros

HOUR = timedelta(hours=1)

COUNTS = ("fresh", "unpublished", "stale", "lost", "age_us_sum")
_COLUMNS = ("view", "start", *COUNTS, "age_us_max")
_ADD = ", ".join(
    [
        *(f"{column} = monitoring_batchwindow.{column} + EXCLUDED.{column}" for column in COUNTS),
        "age_us_max = greatest(monitoring_batchwindow.age_us_max, EXCLUDED.age_us_max)",
    ]
)

AsOf = Mapping[tuple[str, int], int]  # (view, number) -> the as-of time of the version


@dataclass(frozen=True, slots=True)
class Freshness:
    """The freshness of a view. `latest`: its current declaration's newest version, None if never published.

    Decisions since `since`: `fresh` had a version; the others had none because it was too old (`stale`), not
    published yet (`unpublished`) or missing from Redis (`lost`). `mean_age` and `max_age`: from the version's
    as-of time to the event's receipt; None without fresh decisions.
    """

    view: BatchView
    since: datetime
    now: datetime
    latest: BatchVersion | None
    fresh: int = 0
    unpublished: int = 0
    stale: int = 0
    lost: int = 0
    mean_age: timedelta | None = None
    max_age: timedelta | None = None

    @property
    def without(self) -> int:
        """Decisions without values of the view."""
        return self.unpublished + self.stale + self.lost

    @property
    def decisions(self) -> int:
        return self.fresh + self.without

    @property
    def is_stale(self) -> bool:
        """Whether the newest version is too old for events received now; False if never published."""
        if self.latest is None:
            return False
        return to_micros(self.now) - to_micros(self.latest.as_of) > self.view.stale_after_us


def read_freshness(
    views: Sequence[BatchView] | None = None, *, now: datetime, within: timedelta = HOUR
) -> list[Freshness]:
    """The freshness of these views, or of all: two queries.

    Decisions count from the start of the hour that contains `now` - `within`.
    """
    chosen = list(batch_views().values()) if views is None else list(views)
    since = to_hour(now - within)
    latest = _latest_versions(chosen)
    counted = _read_counts(chosen, since=since)
    return [Freshness(view, since, now, latest.get(view.key), **counted.get(view.key, {})) for view in chosen]


def _latest_versions(views: Iterable[BatchView]) -> dict[str, BatchVersion]:
    definitions = {view.key: view.definition_hash for view in views}
    found = BatchVersion.objects.filter(view__in=definitions, definition__in=definitions.values())
    newest = found.order_by("view", "definition", "-number").distinct("view", "definition")
    return {version.view: version for version in newest if version.definition == definitions[version.view]}


def _read_counts(views: Iterable[BatchView], *, since: datetime) -> dict[str, dict[str, Any]]:
    totals = {column: Sum(column) for column in COUNTS} | {"most": Max("age_us_max")}
    rows = BatchWindow.objects.filter(view__in=[view.key for view in views], start__gte=since)
    counted = {}
    for row in rows.values("view").annotate(**{f"all_{name}": total for name, total in totals.items()}):
        counts = {name: row[f"all_{name}"] for name in ("fresh", "unpublished", "stale", "lost")}
        counted[row["view"]] = counts | _ages(row)
    return counted


def _ages(row: Mapping[str, Any]) -> dict[str, timedelta]:
    """Mean and maximum age of the versions that were read; empty if none was."""
    if not row["all_fresh"]:
        return {}
    return {
        "mean_age": timedelta(microseconds=row["all_age_us_sum"] / row["all_fresh"]),
        "max_age": timedelta(microseconds=row["all_most"]),
    }


def count_reads(
    entries: Iterable[Entry], *, as_of: AsOf, versions: Mapping[str, ViewVersions]
) -> dict[tuple[str, datetime], dict[str, int]]:
    """What decisions add to the window of each view and hour. Pure.

    `versions` tell why a decision had none, which the log does not record.
    """
    hours: dict[datetime, dict[str, dict[str, int]]] = defaultdict(
        lambda: defaultdict(lambda: dict.fromkeys((*COUNTS, "age_us_max"), 0))
    )
    # Consecutive entries usually share an hour, and times compare faster than they hash.
    for hour, neighbors in groupby(entries, key=lambda entry: to_hour(entry.recorded_at)):
        added = hours[hour]
        for entry in neighbors:
            _add_reads(added, entry.data, as_of=as_of, versions=versions)
    return {(view, hour): counts for hour, added in hours.items() for view, counts in added.items()}


def _add_reads(
    added: Mapping[str, dict[str, int]],
    decision: Mapping[str, Any],
    *,
    as_of: AsOf,
    versions: Mapping[str, ViewVersions],
) -> None:
    """Add the reads of one decision to the counts by view."""
    received_us = to_micros(from_iso(decision["received_at"])) if decision.get("batch") else 0
    for view, number in decision.get("batch", {}).items():
        counts = added[view]
        if number is None:
            counts[_why_none(versions.get(view), received_us)] += 1
        else:
            age = received_us - as_of[view, number]
            counts["fresh"] += 1
            counts["age_us_sum"] += age
            counts["age_us_max"] = max(counts["age_us_max"], age)


def _why_none(versions: ViewVersions | None, received_us: int) -> str:
    if versions is None or versions.first_valid_us is None or received_us < versions.first_valid_us:
        return "unpublished"
    return "stale" if versions.read_at(received_us) == NONE else "lost"


def add_to_batch_windows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add decisions to the windows of the views they read, in the caller's transaction."""
    reading = [entry for entry in entries if entry.data.get("batch")]
    if not reading:
        return
    added = count_reads(reading, as_of=_read_as_of(reading), versions=_read_versions(reading))
    rows = [(*key, *counts.values()) for key, counts in sorted(added.items())]
    insert_values(connection, "monitoring_batchwindow", _COLUMNS, rows, f"(view, start) DO UPDATE SET {_ADD}")


def _read_as_of(entries: Iterable[Entry]) -> AsOf:
    read = {(view, number) for entry in entries for view, number in entry.data["batch"].items() if number}
    if not read:
        return {}
    views, numbers = {view for view, _ in read}, {number for _, number in read}
    found = BatchVersion.objects.filter(view__in=views, number__in=numbers)
    rows = found.values_list("view", "number", "as_of")
    return {(view, number): to_micros(as_of) for view, number, as_of in rows}


def _read_versions(entries: Iterable[Entry]) -> dict[str, ViewVersions]:
    """The versions of the views that some decisions lacked."""
    without = {view for entry in entries for view, number in entry.data["batch"].items() if number is None}
    views = [view for key, view in batch_views().items() if key in without]
    return read_versions_of(views) if views else {}


def empty_batch_windows() -> None:
    """Delete all windows before the log is counted again."""
    BatchWindow.objects.all().delete()


BATCH_VIEWS = Consumer(
    name="monitoring.batch_views",
    types=frozenset({"decision.made", "decision.revised"}),
    handle=add_to_batch_windows,
    reset=empty_batch_windows,
)
