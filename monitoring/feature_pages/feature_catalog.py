"""Reads everything about an event type's features over a period, in bounded queries."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from monitoring.drift.report import feature_specs, read_vocabularies
from monitoring.feature_pages.feature_sets import read_sets
from monitoring.feature_pages.health import ConsistencyCheck, LiveModel, read_checked, read_live
from monitoring.feature_pages.model_usage import ModelUse, read_models
from scoring.features.compile.specs import FeatureSpec
from scoring.registry.models import FeatureSetVersion
from scoring.registry.routes import route_of


@dataclass(frozen=True)
class FeatureCatalog:
    """An event type's features (`specs`, by name), the sets and models that have them, and their health.

    `sets` are newest first; `models` are those in the route, then the newest others.
    """

    event_type: str
    since: datetime
    specs: dict[str, FeatureSpec]
    sets: list[FeatureSetVersion]
    models: list[ModelUse]
    live: list[LiveModel]
    checked: dict[str, ConsistencyCheck]

    @cached_property
    def sets_of(self) -> dict[str, list[int]]:
        """Feature -> the numbers of the sets that contain it, ascending."""
        found: dict[str, list[int]] = {}
        for version in reversed(self.sets):
            for described in version.features:
                found.setdefault(described["name"], []).append(version.number)
        return found


def read_feature_catalog(event_type: str, *, since: datetime) -> FeatureCatalog:
    """The catalog over the time since then. Raises UnknownEventType; KeyError if the type is not scored."""
    models = read_models(event_type, route=route_of(event_type))
    vocabularies = read_vocabularies(models[0].artifact) if models else {}
    specs = feature_specs(event_type, vocabularies)
    return FeatureCatalog(
        event_type=event_type,
        since=since,
        specs=specs,
        sets=read_sets(event_type),
        models=models,
        live=read_live(models, specs=specs, since=since),
        checked=read_checked(event_type, since=since),
    )
