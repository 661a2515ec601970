"""The stage of a model version: its role in the route, or else its status at the gate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.registry.models import ModelVersion
from scoring.registry.routes import RouteTable, current_routes

ARCHIVED = "archived"  # it had an arm before


@dataclass(frozen=True)
class ModelStage:
    """`name`: champion, canary, shadow, archived, or the version's status. `share`: of the traffic it
    decides or, for a shadow, scores; None for a version without an arm.
    """

    name: str
    share: float | None = None

    @property
    def text(self) -> str:
        """The stage, with its share if that is below 100 %.

        >>> ModelStage("canary", 0.1).text
        'canary 10 %'
        """
        whole = self.share is None or self.share >= 1
        return self.name if whole else f"{self.name} {100 * (self.share or 0):.3g} %"


def stages_of(versions: Iterable[ModelVersion]) -> dict[str, ModelStage]:
    """The stage of each version by name, in two queries."""
    versions, routes = list(versions), current_routes()
    entries = read_streams([f"route/{event_type}" for event_type in {v.event_type for v in versions}])
    return {
        version.name: stage_of(
            version, routes.get(version.event_type), entries.get(f"route/{version.event_type}", [])
        )
        for version in versions
    }


def stage_of(version: ModelVersion, route: RouteTable | None, past: Sequence[Entry]) -> ModelStage:
    """The stage of a version, given its type's route and the route's past entries."""
    arm = next((arm for arm in route.arms if arm.model == version.name), None) if route else None
    if arm is not None:
        return ModelStage(arm.role, arm.share)
    worked = any(arm["model"] == version.name for entry in past for arm in entry.data["arms"])
    archived = worked and version.status != ModelVersion.Status.REJECTED
    return ModelStage(ARCHIVED if archived else version.status)
