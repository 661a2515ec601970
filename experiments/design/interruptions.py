"""Marks experiments as interrupted when a promotion or rollback takes their share of the traffic."""

from collections.abc import Sequence
from datetime import datetime

from experiments.models import Experiment
from scoring.log.append import append
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry, NewEntry
from scoring.registry.models import Route
from scoring.registry.routes import RouteTable, route_of


def is_displaced(experiment: Experiment, route: RouteTable) -> bool:
    """Whether a later route splits the traffic differently from the experiment; shadows do not matter."""
    canary = route.canary
    return route.version > experiment.route_version and (
        route.experiment != experiment.name
        or route.salt != experiment.salt
        or canary is None
        or (route.champion.model, canary.model) != (experiment.control, experiment.treatment)
        or canary.share != experiment.share
    )


def why_displaced(route: Route) -> str:
    """The reason as text, from the route's last change."""
    what = f": {route.reason}" if route.reason else ""
    return f"the route was changed (version {route.version}){what}"


def interrupt_displaced(route: RouteTable, row: Route, *, now: datetime) -> None:
    """Append `experiment.interrupted` for the type's running experiment if `route` has displaced it."""
    running = Experiment.objects.select_for_update().filter(
        event_type=route.event_type, state=Experiment.State.RUNNING
    )
    entries = [
        NewEntry(
            stream=experiment.stream,
            expected_version=1,
            type="experiment.interrupted",
            data={"why": why_displaced(row), "by": row.changed_by},
        )
        for experiment in running
        if is_displaced(experiment, route)
    ]
    append(entries, now=now)


def mark_interruptions(entries: Sequence[Entry], *, now: datetime) -> None:
    """Compare running experiments with the current routes of the types in `entries`."""
    for event_type in sorted({entry.data["event_type"] for entry in entries}):
        route = route_of(event_type)
        if route is not None:
            interrupt_displaced(route, Route.objects.get(pk=event_type), now=now)


# It only appends to the log, so there is nothing to rebuild; a repeated run appends nothing.
INTERRUPTIONS = Consumer(
    name="experiments.interruptions", types=frozenset({"route.changed"}), handle=mark_interruptions
)
