"""Which model decides an event type right now, and why none does if none does."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.catalog.registry import event_type
from scoring.decisions.routing import RouteTable, current_routes
from scoring.errors import ArtefactCorrupt, FeatureSetMissing, UnknownModel
from scoring.features.plan import lane_plan
from scoring.learning.registry import LoadedModel, load_model

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelInCharge:
    """`loaded` None with no `cause`: nothing was promoted yet. With a cause: the model cannot be had."""

    name: str = ""
    loaded: LoadedModel | None = None
    cause: str = ""
    vocabularies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def model_in_charge(route: RouteTable | None) -> ModelInCharge:
    """The champion of a route; what keeps it from deciding is reported and is the failure policy's cause."""
    if route is None:
        return ModelInCharge()
    name = route.champion.model
    try:
        loaded = load_model(name)
        check_feature_set(loaded)
    except (ArtefactCorrupt, UnknownModel):
        logger.exception("model %s of route %s cannot be loaded", name, route.event_type)
        return ModelInCharge(name, cause="model_unavailable")
    except FeatureSetMissing as missing:
        logger.error("%s", missing)
        return ModelInCharge(name, cause="feature_set_missing")
    return ModelInCharge(name, loaded, vocabularies=loaded.spec.vocabularies)


def check_feature_set(model: LoadedModel) -> None:
    """Raises FeatureSetMissing unless this code declares exactly the features the model was trained on."""
    plan = lane_plan(event_type(model.event_type).lane, {model.event_type: model.spec.vocabularies})
    declared = plan.feature_set(model.event_type).hash
    if declared != model.feature_set:
        raise FeatureSetMissing(model.name, needed=model.feature_set, declared=declared)


def check_live_models() -> list[str]:
    """Load every model that decides and return their names; for start-up and readiness.

    Raises FeatureSetMissing, ArtefactCorrupt, UnknownModel.
    """
    loaded = [load_model(route.champion.model) for route in current_routes().values()]
    for model in loaded:
        check_feature_set(model)
    return [model.name for model in loaded]
