"""The drift of deciding models over the last day, read in few queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from monitoring.drift.groups.own_weeks import GroupDrift
from monitoring.drift.groups.senders import compare_senders
from monitoring.drift.recent_reference import WEEKS
from monitoring.drift.report import DriftReport, compare, feature_specs, since_of
from monitoring.models import ModelSenderWindow, ModelWindow, VectorWindow
from monitoring.windows.binning import Reference
from scoring.catalog.registry import event_types
from scoring.registry.models import ModelVersion
from scoring.registry.routes import current_routes

SPAN = "day"
W = TypeVar("W", bound=VectorWindow)


def read_champions() -> list[ModelVersion]:
    """The champion of each event type that the code declares. Two queries."""
    names = [route.champion.model for route in current_routes().values()]
    versions = ModelVersion.objects.filter(name__in=names, event_type__in=event_types())
    return list(versions.only("name", "event_type", "reference").order_by("event_type"))


def read_reports(versions: Iterable[ModelVersion], *, now: datetime) -> list[DriftReport]:
    """The last day's drift of each version that has a reference and has decided something. One query."""
    since = since_of(SPAN, now=now)
    by_name = {version.name: version for version in versions}
    windows = ModelWindow.objects.filter(model__in=by_name, start__gte=since).order_by("start")
    return [
        compare(name, seen, reference, specs=feature_specs(by_name[name].event_type, {}), since=since)
        for name, seen in _by_model(windows).items()
        if (reference := Reference.of(by_name[name].reference)) is not None
    ]


def read_latest_windows(
    versions: Iterable[ModelVersion], *, since: datetime
) -> Iterator[tuple[ModelVersion, Reference, list[ModelWindow]]]:
    """Each version that has a reference, with its windows since then, oldest first. One query."""
    by_name = {version.name: version for version in versions}
    windows = ModelWindow.objects.filter(model__in=by_name, start__gte=since).order_by("start")
    for name, seen in _by_model(windows).items():
        if (reference := Reference.of(by_name[name].reference)) is not None:
            yield by_name[name], reference, seen


def read_senders_of(
    versions: Iterable[ModelVersion], *, now: datetime
) -> Iterator[tuple[ModelVersion, list[GroupDrift]]]:
    """Each version with the senders of its events of the last day. One query."""
    since = since_of(SPAN, now=now)
    by_name = {version.name: version for version in versions}
    windows = ModelSenderWindow.objects.filter(model__in=by_name, start__gte=since - WEEKS).order_by("start")
    for name, seen in _by_model(windows).items():
        version = by_name[name]
        if (reference := Reference.of(version.reference)) is not None:
            specs = feature_specs(version.event_type, {})
            yield version, compare_senders(seen, reference, specs=specs, since=since)


def _by_model(windows: Iterable[W]) -> Mapping[str, list[W]]:
    found: dict[str, list[W]] = defaultdict(list)
    for window in windows:
        found[window.model].append(window)
    return found
