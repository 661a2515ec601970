"""Batch views with their schedule, published versions and the version in use."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from monitoring.drift.report import feature_specs
from monitoring.windows.batch_views import Freshness, read_freshness
from scoring.batch.models import BatchVersion
from scoring.batch.views import BatchView, due_at
from scoring.catalog.registry import event_type
from scoring.declare import BatchValue, parts_of
from scoring.declare.spelling import exact_span
from scoring.features.compile.specs import FeatureSpec
from scoring.timestamps import from_micros, to_micros

VERSIONS_SHOWN = 12
DAY = timedelta(days=1)


@dataclass(frozen=True)
class ViewRow:
    """A batch view; `versions` newest first, `current` the one in use, `reads` its use in the last day."""

    reads: Freshness
    versions: list[BatchVersion]
    current: BatchVersion | None

    @property
    def view(self) -> BatchView:
        return self.reads.view

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def stale_after(self) -> timedelta:
        return timedelta(microseconds=self.view.stale_after_us)

    @property
    def schedule(self) -> str:
        """ "every 24 h, over 90 d"."""
        return f"every {exact_span(self.view.every_us)}, over {exact_span(self.view.over_us)}"

    def is_stale(self, now: datetime) -> bool:
        """Whether its values are missing or too old to be read."""
        return self.current is None or now - self.current.as_of > self.stale_after

    def next_due(self, now: datetime) -> datetime:
        """When the next version is due."""
        return from_micros(due_at(self.view, to_micros(now)) + self.view.every_us)


def read_view_rows(views: Iterable[BatchView], *, now: datetime) -> list[ViewRow]:
    """The views with their newest versions; one query per view and two more."""
    return [_row(reads, now=now) for reads in read_freshness(list(views), now=now, within=DAY)]


def _row(reads: Freshness, *, now: datetime) -> ViewRow:
    view = reads.view
    versions = list(BatchVersion.objects.filter(view=view.key).order_by("-number")[:VERSIONS_SHOWN])
    readable = (each for each in versions if each.valid_from <= now and _is_of(each, view))
    return ViewRow(reads, versions, next(readable, None))


def _is_of(version: BatchVersion, view: BatchView) -> bool:
    """Whether a version was computed from the view's current declaration."""
    return version.definition == view.definition_hash


def views_in(spec: FeatureSpec) -> list[BatchView]:
    """The batch views that a feature reads."""
    found = (part.view for part in parts_of(spec.expression) if isinstance(part, BatchValue))
    return list(dict.fromkeys(cast("Iterable[BatchView]", found)))


def readers_of(view: BatchView) -> list[str]:
    """The features of the view's event type that read it."""
    specs = feature_specs(view.event_type, {}) if event_type(view.event_type).scored else {}
    return [name for name, spec in specs.items() if view in views_in(spec)]
