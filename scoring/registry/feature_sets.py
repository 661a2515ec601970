"""Feature sets over time: declared by code, used by models, retired when no model needs them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import event_types
from scoring.features.compile.plan import FeatureSet, feature_digest, lane_plan
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying
from scoring.registry.artifact import ModelSpec
from scoring.registry.errors import FeatureSetMissing
from scoring.registry.model_versions import ModelDescription
from scoring.registry.models import FeatureSetVersion, ModelArtifact, ModelVersion
from scoring.registry.routes import Arm, current_routes


@dataclass(frozen=True)
class SetUse:
    """A feature set of an event type and its use.

    `number` and `declared_at` are None if no worker with this code has declared it yet. `arms`: those of the
    current route that use it; `models`: the names of all versions trained on it.
    """

    event_type: str
    digest: str
    number: int | None
    declared_at: datetime | None
    names: tuple[str, ...]
    is_newest: bool
    in_code: bool
    arms: tuple[Arm, ...]
    models: tuple[str, ...]

    @property
    def may_be_retired(self) -> bool:
        """Whether it can be removed from the code: no new model is trained on it, and no arm uses it."""
        return self.in_code and not self.is_newest and not self.arms


def declare_feature_sets(*, now: datetime) -> list[str]:
    """Append `feature_set.declared` for sets that differ from the last declared ones; returns their digests.

    If several workers start at once, one of them writes.
    """
    kinds = [kind for kind in event_types().values() if kind.scored]
    return [digest for kind in kinds for digest in _declare(kind, now=now)]


def _declare(kind: type[EventType], *, now: datetime) -> list[str]:
    def declare() -> list[str]:
        entries = _undeclared(kind)
        append(entries, now=now)
        return [entry.data["digest"] for entry in entries]

    return append_retrying(
        declare
    )  # several workers start at once; those of other code may have more to declare


def _undeclared(kind: type[EventType]) -> list[NewEntry]:
    """The entries to append for the sets of an event type, given the entries so far."""
    stream = f"feature_set/{kind.name}"
    declared = read_stream(stream)
    numbers = {entry.data["digest"]: entry.data["number"] for entry in declared}
    last = declared[-1].data["digest"] if declared else None
    newest, *earlier = _trainable_sets(kind)
    news = [each for each in reversed(earlier) if each.declared not in numbers]
    news += [newest] if newest.declared != last or news else []
    return [
        NewEntry(
            stream,
            len(declared) + place,
            "feature_set.declared",
            _described(each, numbers.setdefault(each.declared, len(numbers) + 1)),
        )
        for place, each in enumerate(news)
    ]


def _trainable_sets(kind: type[EventType]) -> list[FeatureSet]:
    """The sets on which models may be trained, the newest first."""
    return [each for each in lane_plan(kind.lane).feature_sets(kind.name) if not each.rules_only]


def _described(feature_set: FeatureSet, number: int) -> dict[str, Any]:
    return {
        "event_type": feature_set.event_type,
        "digest": feature_set.declared,
        "number": number,
        "features": [
            {
                "name": spec.name,
                "kind": spec.kind,
                "entity": spec.entity,
                "window": spec.window,
                "unit": spec.unit,
                "definition": spec.definition,
                "owner": spec.owner,
                "digest": feature_digest(spec),
            }
            for spec in feature_set.features
        ],
    }


def find_feature_set(
    event_type: str, vocabularies: Mapping[str, Sequence[str]], wanted: str
) -> FeatureSet | None:
    """The set with this hash under a model's vocabularies; None if this code does not declare it."""
    plan = lane_plan(find_event_type(event_type).lane, {event_type: vocabularies})
    return plan.find_feature_set(event_type, wanted)


def own_set(model: ModelDescription) -> FeatureSet | None:
    """The newest or earlier set of this code on which a model was trained; None without one."""
    return find_feature_set(model.event_type, model.spec.vocabularies, model.feature_set)


def check_feature_set(model: ModelDescription) -> FeatureSet:
    """The model's feature set. Raises FeatureSetMissing unless this code declares exactly that one."""
    own = own_set(model)
    if own is None:
        number = number_of_set(model.name)
        raise FeatureSetMissing(model.name, needed=model.feature_set, number=number)
    return own


def declared_set_of(version: ModelVersion) -> str:
    """The digest of the set that a model was trained on, without vocabularies; "" if unknown."""
    if known := version.lineage.get("declared_set"):
        return str(known)
    spec = _spec_of(version)  # it was trained before models told
    own = find_feature_set(version.event_type, spec.vocabularies, version.feature_set) if spec else None
    return own.declared if own else ""


def number_of_set(model: str) -> int | None:
    """The number of the set that a model was trained on, if it is known."""
    version = ModelVersion.objects.filter(name=model).first()
    digest = declared_set_of(version) if version else ""
    return FeatureSetVersion.objects.filter(digest=digest).values_list("number", flat=True).first()


def check_live_sets() -> None:
    """Raises FeatureSetMissing unless this code declares the set of every model that has an arm.

    No model is loaded. Models whose artifact is lost are skipped.
    """
    arms = [arm for route in current_routes().values() for arm in route.arms]
    for version in ModelVersion.objects.filter(name__in=[arm.model for arm in arms]).order_by("name"):
        spec = _spec_of(version)
        if spec and not find_feature_set(version.event_type, spec.vocabularies, version.feature_set):
            number = number_of_set(version.name)
            raise FeatureSetMissing(version.name, needed=version.feature_set, number=number)


def _spec_of(version: ModelVersion) -> ModelSpec | None:
    stored = ModelArtifact.objects.filter(digest=version.artifact).values_list("spec", flat=True).first()
    return ModelSpec.from_json(stored) if stored else None


def list_feature_sets(event_type: str | None = None) -> list[SetUse]:
    """The sets of an event type (by default of all), in order of number, undeclared ones last."""
    names = [event_type] if event_type else [kind.name for kind in event_types().values() if kind.scored]
    routes = current_routes()
    arms = {arm.model: arm for route in routes.values() for arm in route.arms}
    users: dict[str, list[str]] = defaultdict(list)
    for version in ModelVersion.objects.filter(event_type__in=names).order_by("event_type", "number"):
        users[declared_set_of(version)].append(version.name)
    return [use for name in names for use in _list_of(name, users=users, arms=arms)]


def _list_of(name: str, *, users: dict[str, list[str]], arms: dict[str, Arm]) -> list[SetUse]:
    in_code = _trainable_sets(find_event_type(name))
    known = list(FeatureSetVersion.objects.filter(event_type=name).order_by("number"))
    told = {version.digest for version in known}
    found: list[tuple[str, int | None, datetime | None, Sequence[str]]] = [
        (each.digest, each.number, each.declared_at, [one["name"] for one in each.features]) for each in known
    ]
    found += [
        (each.declared, None, None, each.names) for each in reversed(in_code) if each.declared not in told
    ]
    return [
        SetUse(
            event_type=name,
            digest=digest,
            number=number,
            declared_at=declared_at,
            names=tuple(features),
            is_newest=digest == in_code[0].declared,
            in_code=any(digest == each.declared for each in in_code),
            arms=tuple(arms[model] for model in users[digest] if model in arms),
            models=tuple(users[digest]),
        )
        for digest, number, declared_at, features in found
    ]
