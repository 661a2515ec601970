"""The models that decide an event type now, one for each arm; or why none does."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scoring.catalog.registry import event_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.registry.errors import ArtifactCorrupt, FeatureSetMissing, UnknownModel
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.loaded_models import LoadedModel, load_model
from scoring.registry.routes import Arm, RouteTable, arm_for, current_routes

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DecidingModel:
    """The model of an arm. `loaded` is None before any was promoted or, with a `cause`, if it cannot be used.

    `feature_set` is the model's own; without a model, the set whose open categories have no codes.
    """

    feature_set: FeatureSet
    name: str = ""
    loaded: LoadedModel | None = None
    cause: str = ""
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class DecidingModels:
    """The models that decide an event type: the champion, and the canary if one has a share and can be used.

    `sets`: the type's feature sets as lanes fold them, newest first, open categories without codes.
    """

    route: RouteTable | None
    champion: DecidingModel
    sets: tuple[FeatureSet, ...]
    canary: DecidingModel | None = None

    @property
    def newest(self) -> FeatureSet:
        """The feature set that is logged when no model decides."""
        return self.sets[0]

    @property
    def is_complete(self) -> bool:
        """Whether every model that the route names can be used."""
        wants_canary = self.route is not None and self.route.canary is not None
        return not self.champion.cause and (self.canary is not None) == wants_canary

    def without_models(self, cause: str) -> "DecidingModels":
        """The same route, on which no model is asked, for a cause."""
        return replace(self, champion=DecidingModel(self.newest, cause=cause), canary=None)

    def unit_of(self, event: Mapping[str, Any]) -> str:
        """The value by which an event (data of its receipt) is routed; "" without a route or a value."""
        return str(event["fields"].get(self.route.unit) or "") if self.route else ""

    def model_for(self, event: Mapping[str, Any]) -> DecidingModel:
        """The model of the event's arm; the champion if the canary cannot be used."""
        if self.route and self.canary and arm_for(self.route, self.unit_of(event)) == self.canary.arm:
            return self.canary
        return self.champion


def load_deciding_models(name: str, route: RouteTable | None) -> DecidingModels:
    """The models that decide the event type `name` under its route.

    A champion that cannot be used is reported and gives the failure policy its cause. A canary that cannot
    be used is reported, and the champion decides its events.
    """
    sets = lane_plan(event_type(name).lane).feature_sets(name)
    if route is None:
        return DecidingModels(None, DecidingModel(sets[0]), sets)
    canary = _model_of(route.canary, sets[0]) if route.canary else None
    return DecidingModels(
        route=route,
        champion=_model_of(route.champion, sets[0]),
        sets=sets,
        canary=canary if canary and canary.loaded else None,
    )


def check_live_models() -> list[str]:
    """Load every deciding model, canaries included, and return their names; for start-up and readiness.

    Raises FeatureSetMissing, ArtifactCorrupt, UnknownModel.
    """
    arms = [arm for route in current_routes().values() for arm in (route.champion, route.canary) if arm]
    loaded = [load_model(arm.model) for arm in arms]
    for model in loaded:
        check_feature_set(model)
    return [model.name for model in loaded]


def _model_of(arm: Arm, newest: FeatureSet) -> DecidingModel:
    try:
        loaded = load_model(arm.model)
        return DecidingModel(check_feature_set(loaded), arm.model, loaded, arm=arm)
    except (ArtifactCorrupt, UnknownModel):
        logger.exception("model %s, %s of %s, cannot be loaded", arm.model, arm.role, newest.event_type)
        return DecidingModel(newest, arm.model, cause="model_unavailable", arm=arm)
    except FeatureSetMissing as missing:
        logger.error("%s", missing)
        return DecidingModel(newest, arm.model, cause="feature_set_missing", arm=arm)
