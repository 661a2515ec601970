"""Everything the catalogue knows of an event type's features over a stretch of time, in bounded queries."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from monitoring.drift.report import feature_specs, read_vocabularies
from monitoring.feature_pages.feature_sets import read_sets
from monitoring.feature_pages.health import Checked, Live, read_checked, read_live
from monitoring.feature_pages.model_usage import ModelUse, read_models
from scoring.features.compile.specs import FeatureSpec
from scoring.registry.models import FeatureSetVersion
from scoring.registry.routes import route_of


@dataclass(frozen=True)
class Catalogue:
    """An event type's features (`specs`, by name), the sets and models they are in, and how they do.

    `sets` and `models` are newest first, `models` and `live` after those in the route.
    """

    event_type: str
    since: datetime
    specs: dict[str, FeatureSpec]
    sets: list[FeatureSetVersion]
    models: list[ModelUse]
    live: list[Live]
    checked: dict[str, Checked]

    @cached_property
    def sets_of(self) -> dict[str, list[int]]:
        """Feature -> the numbers of the sets that have it, ascending."""
        found: dict[str, list[int]] = {}
        for version in reversed(self.sets):
            for described in version.features:
                found.setdefault(described["name"], []).append(version.number)
        return found


def read_catalogue(event_type: str, *, since: datetime) -> Catalogue:
    """What is known since then. Raises UnknownEventType; KeyError for a type that is not scored."""
    models = read_models(event_type, route=route_of(event_type))
    vocabularies = read_vocabularies(models[0].artifact) if models else {}
    specs = feature_specs(event_type, vocabularies)
    return Catalogue(
        event_type=event_type,
        since=since,
        specs=specs,
        sets=read_sets(event_type),
        models=models,
        live=read_live(models, specs=specs, since=since),
        checked=read_checked(event_type, since=since),
    )
