"""Model versions: registered with their lineage, read with their checksum verified."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from importlib.metadata import version
from typing import Any

from django.db.models import Max, QuerySet

from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.retry import append_retrying
from scoring.registry.artifact import Artifact, ModelSpec
from scoring.registry.errors import ArtifactMissing, UnknownModel
from scoring.registry.models import ModelAnalysis, ModelArtifact, ModelVersion, Route
from scoring.timestamps import to_iso

LIBRARIES = ("xgboost", "numpy", "numba", "scikit-learn", "tzdata")


@dataclass(frozen=True)
class ModelDescription:
    """A model version without its booster."""

    name: str
    event_type: str
    feature_set: str
    spec: ModelSpec

    @property
    def thresholds(self) -> dict[str, float]:
        """{"review", "block"}, on the calibrated score."""
        return dict(self.spec.thresholds)

    @property
    def medians(self) -> tuple[float | None, ...]:
        """The training rows' median of every feature: the usual value for an entity without history."""
        return self.spec.medians


@dataclass(frozen=True)
class Registration:
    """Everything stored with a new version besides its bytes.

    `checks`: the results of the gate. `held_out`: a sample of held-out events with their scores. `analysis`:
    slices and explanations, as pages show them.
    """

    event_type: str
    as_of: datetime
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    lineage: Mapping[str, Any]
    comparison: Mapping[str, Any]
    reference: Mapping[str, Any]
    checks: Sequence[Mapping[str, Any]]
    held_out: Mapping[str, Any] = field(default_factory=dict)
    analysis: Mapping[str, Any] = field(default_factory=dict)


def register_model(registration: Registration, *, artifact: Artifact, actor: str, now: datetime) -> str:
    """Store the artifact, append `model.trained` and `model.checked`, return `{event_type}-{number}`.

    Concurrent runs get different numbers: the later one retries with the next number.
    """

    def register() -> str:
        number = _next_number(registration.event_type)
        name = f"{registration.event_type}-{number}"
        _store(artifact)
        append(_entries(name, number, registration, artifact, actor=actor, now=now), now=now)
        return name

    return append_retrying(register)


def describe_model(name: str) -> ModelDescription:
    """The version without its booster, from the bytes stored now, with their checksum verified.

    Raises UnknownModel, ArtifactMissing, ArtifactCorrupt.
    """
    row = find_version(name)
    spec = ModelSpec.from_json(read_artifact(row).spec)
    return ModelDescription(name, row.event_type, row.feature_set, spec)


def read_artifact(version: ModelVersion) -> Artifact:
    """The bytes of a version, checked. Raises ArtifactMissing, ArtifactCorrupt."""
    return find_artifact(version.artifact)


def find_artifact(digest: str) -> Artifact:
    """The artifact with this digest, checked. Raises ArtifactMissing, ArtifactCorrupt."""
    stored = ModelArtifact.objects.filter(digest=digest).first()
    if stored is None:
        raise ArtifactMissing(digest=digest)
    return Artifact(bytes(stored.booster), stored.spec, bytes(stored.parts)).verify(digest)


def champion_of(event_type: str) -> str | None:
    """The name of the type's current champion, if any."""
    route = Route.objects.filter(event_type=event_type).first()
    arms = route.arms if route else []
    return next((arm["model"] for arm in arms if arm["role"] == "champion"), None)


def promotable_versions(event_type: str) -> QuerySet[ModelVersion]:
    """The versions of a type that may become a champion: not those of a test, such as on shuffled labels."""
    return ModelVersion.objects.filter(event_type=event_type).exclude(lineage__has_key="not_promotable")


def find_version(name: str) -> ModelVersion:
    """The model version with this name. Raises UnknownModel with the known names."""
    version = ModelVersion.objects.filter(name=name).first()
    if version is None:
        raise UnknownModel(name=name, known=known_names())
    return version


def find_analysis(name: str) -> ModelAnalysis:
    """The analysis of a version; an empty one if it was trained before there was any."""
    return ModelAnalysis.objects.filter(pk=name).first() or ModelAnalysis(model=name)


def known_names() -> list[str]:
    """The names of all model versions."""
    return sorted(ModelVersion.objects.values_list("name", flat=True))


def library_versions() -> dict[str, str]:
    """The versions of Python and of libraries that affect an artifact's bytes, or the features it reads."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _next_number(event_type: str) -> int:
    return (ModelVersion.objects.filter(event_type=event_type).aggregate(top=Max("number"))["top"] or 0) + 1


def _entries(
    name: str, number: int, registration: Registration, artifact: Artifact, *, actor: str, now: datetime
) -> list[NewEntry]:
    facts = {each.name: getattr(registration, each.name) for each in fields(registration)}
    trained = facts | {
        "name": name,
        "number": number,
        "artefact": artifact.digest,
        "feature_set": ModelSpec.from_json(artifact.spec).feature_set,
        "trained_at": to_iso(now),
        "trained_by": actor,
        "as_of": to_iso(registration.as_of),
        "lineage": {**registration.lineage, "libraries": library_versions()},
    }
    checked = {"name": name, "checks": trained.pop("checks")}
    stream, metadata = f"model/{name}", {"actor": actor}
    return [
        NewEntry(stream=stream, expected_version=0, type="model.trained", data=trained, metadata=metadata),
        NewEntry(stream=stream, expected_version=1, type="model.checked", data=checked, metadata=metadata),
    ]


def _store(artifact: Artifact) -> None:
    ModelArtifact.objects.get_or_create(
        digest=artifact.digest,
        defaults={"booster": artifact.booster, "spec": artifact.spec, "parts": artifact.parts},
    )
