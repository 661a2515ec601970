"""Where a model version stands: what its route lets it do, else what the gate said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.registry.models import ModelVersion
from scoring.registry.routes import RouteTable, current_routes

ARCHIVED = "archived"  # it was at work and is not any more


@dataclass(frozen=True)
class Standing:
    """`stage`: champion, canary, shadow, archived, or the version's status. `share`: of traffic, or of what a
    shadow scores; None for a version without an arm.
    """

    stage: str
    share: float | None = None

    @property
    def text(self) -> str:
        """The stage, with its share where that is not everything.

        >>> Standing("canary", 0.1).text
        'canary 10 %'
        """
        whole = self.share is None or self.share >= 1
        return self.stage if whole else f"{self.stage} {100 * (self.share or 0):.3g} %"


def standings(versions: Iterable[ModelVersion]) -> dict[str, Standing]:
    """Where each version stands, by name; two queries."""
    versions, routes = list(versions), current_routes()
    entries = read_streams([f"route/{event_type}" for event_type in {v.event_type for v in versions}])
    return {
        version.name: standing_of(
            version, routes.get(version.event_type), entries.get(f"route/{version.event_type}", [])
        )
        for version in versions
    }


def standing_of(version: ModelVersion, route: RouteTable | None, past: Sequence[Entry]) -> Standing:
    """Where a version stands, given its type's route and the entries that led to it."""
    arm = next((arm for arm in route.arms if arm.model == version.name), None) if route else None
    if arm is not None:
        return Standing(arm.role, arm.share)
    worked = any(arm["model"] == version.name for entry in past for arm in entry.data["arms"])
    archived = worked and version.status != ModelVersion.Status.REJECTED
    return Standing(ARCHIVED if archived else version.status)
