"""Which segments of a model's events changed: each compared with its own last weeks."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from monitoring.drift.groups.own_weeks import GroupDrift, compare_groups
from monitoring.drift.recent_reference import WEEKS
from monitoring.models import ModelSegmentWindow
from monitoring.windows.binning import Reference
from scoring.catalog.event_type import EventType
from scoring.features.compile.specs import FeatureSpec
from scoring.learning.fairness.fields import default_fields

UNITS: Final = ("category", "flag", "seconds")  # of features whose values are few, or in bands


def segment_fields(kind: type[EventType], specs: Mapping[str, FeatureSpec]) -> list[str]:
    """The features that divide a model's events: those that models are sliced by and that have few values."""
    return [name for name in default_fields(kind, list(specs)) if name in specs and specs[name].unit in UNITS]


def read_segment(model: str, field: str, value: str, *, since: datetime) -> list[ModelSegmentWindow]:
    """The windows of a segment that reach back `WEEKS` before `since`, oldest first."""
    windows = ModelSegmentWindow.objects.filter(model=model, field=field, value=value)
    return list(windows.filter(start__gte=since - WEEKS).order_by("start"))


def read_segments(
    model: str, field: str, reference: Reference, *, specs: Mapping[str, FeatureSpec], since: datetime
) -> list[GroupDrift]:
    """The segments of a field with events since then, those that changed most first. One query."""
    windows = ModelSegmentWindow.objects.filter(model=model, field=field, start__gte=since - WEEKS)
    by_value: dict[str, list[ModelSegmentWindow]] = defaultdict(list)
    for window in windows.order_by("start"):
        by_value[window.value].append(window)
    return compare_groups(by_value, reference, specs=specs, since=since)
