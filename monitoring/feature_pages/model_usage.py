"""The models of an event type, and the features they read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Func, JSONField
from django.db.models.fields.json import KeyTextTransform

from scoring.learning.promotion.stages import ModelStage, stages_of
from scoring.registry.feature_sets import declared_set_of
from scoring.registry.models import ModelVersion
from scoring.registry.routes import RouteTable

MAX_MODELS = 30  # newest ones, besides those in the route
LIVE = ("champion", "canary", "shadow")


@dataclass(frozen=True)
class ModelUse:
    """A model version with the `names` of its features and the digest of its set ("" if unknown)."""

    name: str
    number: int
    stage: ModelStage
    trained_at: datetime
    names: tuple[str, ...]
    declared_set: str
    artifact: str

    @property
    def live(self) -> bool:
        """Whether it currently scores events."""
        return self.stage.name in LIVE


def read_models(event_type: str, *, route: RouteTable | None) -> list[ModelUse]:
    """The models in the route, the champion first, then the newest others. Four queries."""
    arms = [arm.model for arm in route.arms] if route else []
    newest = ModelVersion.objects.filter(event_type=event_type).order_by("-number")
    wanted = {*arms, *newest.values_list("name", flat=True)[:MAX_MODELS]}
    versions = list(_with_names(newest.filter(name__in=wanted)))
    where = stages_of(versions)
    in_route = {name: place for place, name in enumerate(arms)}
    models = [
        _use(version, where[version.name], declared_set=_declared_set(version, look=version.name in in_route))
        for version in versions
    ]
    return sorted(models, key=lambda model: (in_route.get(model.name, len(arms)), -model.number))


def _with_names(versions: Any) -> Any:
    """Versions with `feature_names` and `set_digest`, without their other large columns."""
    names = Func(
        F("reference"),
        template="jsonb_path_query_array(%(expressions)s, '$.features[*].name')",
        output_field=JSONField(),
    )
    return (
        versions.annotate(feature_names=names, set_digest=KeyTextTransform("declared_set", "lineage"))
        .only("name", "event_type", "number", "status", "trained_at", "artifact")
        .order_by("-number")
    )


def _declared_set(version: Any, *, look: bool) -> str:
    """The digest of the version's set; if not stored, computed for models in the route."""
    return version.set_digest or (declared_set_of(version) if look else "")


def _use(version: Any, stage: ModelStage, *, declared_set: str) -> ModelUse:
    return ModelUse(
        name=version.name,
        number=version.number,
        stage=stage,
        trained_at=version.trained_at,
        names=tuple(version.feature_names),
        declared_set=declared_set,
        artifact=version.artifact,
    )


def users_of(feature: str, models: Collection[ModelUse]) -> list[ModelUse]:
    """The models that read a feature."""
    return [model for model in models if feature in model.names]
