"""Where a model version stands: what its route lets it do, else what the gate said of it."""

from collections.abc import Iterable

from scoring.decisions.routing import RouteTable, current_routes
from scoring.learning.models import ModelVersion
from scoring.log.entries import Entry
from scoring.log.read import read_streams

ARCHIVED = "archived"  # it was at work and is not any more


def current_stages(versions: Iterable[ModelVersion]) -> dict[str, str]:
    """The stage of each version in words, by name, from two queries."""
    versions, routes = list(versions), current_routes()
    entries = read_streams([f"route/{event_type}" for event_type in {v.event_type for v in versions}])
    worked = models_of(entry for stream in entries.values() for entry in stream)
    return {
        version.name: stage_in_words(
            stage_of(version, routes.get(version.event_type), worked=version.name in worked),
            share_of(version, routes.get(version.event_type)),
        )
        for version in versions
    }


def stage_of(version: ModelVersion, route: RouteTable | None, *, worked: bool) -> str:
    """champion, canary, shadow, archived, or the version's status. `worked`: it had an arm before."""
    arm = next((arm for arm in route.arms if arm.model == version.name), None) if route else None
    if arm is not None:
        return arm.role
    return ARCHIVED if worked and version.status != ModelVersion.Status.REJECTED else version.status


def share_of(version: ModelVersion, route: RouteTable | None) -> float | None:
    """The version's share of traffic, or of what a shadow scores; None without an arm."""
    return next((arm.share for arm in route.arms if arm.model == version.name), None) if route else None


def stage_in_words(stage: str, share: float | None) -> str:
    """The stage, with its share where that is not everything.

    >>> stage_in_words("canary", 0.1)
    'canary 10 %'
    """
    return stage if share is None or share >= 1 else f"{stage} {100 * share:.3g} %"


def models_of(entries: Iterable[Entry]) -> set[str]:
    """The models that ever had an arm, by the entries of a route."""
    return {arm["model"] for entry in entries for arm in entry.data["arms"]}
