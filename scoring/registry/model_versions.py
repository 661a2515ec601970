"""Model versions: registered with all they came from, loaded with their checksum verified."""

import functools
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max
from numpy.typing import NDArray

from scoring.explain.prediction import load_booster, predict_margin
from scoring.explain.treeshap import Explainer, explainer_for
from scoring.explain.xgboost_native import xgb
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.registry.artifact import Artifact, ModelSpec
from scoring.registry.errors import ArtifactMissing, UnknownModel
from scoring.registry.models import ModelArtifact, ModelVersion, Route
from scoring.timestamps import to_iso

LIBRARIES = ("xgboost", "numpy", "numba", "scikit-learn")
REGISTRATION_ATTEMPTS = 5


@dataclass(frozen=True)
class LoadedModel:
    """A model version ready to predict. XGBoost computes in float32; what is handed out is float64."""

    name: str
    event_type: str
    feature_set: str
    spec: ModelSpec
    booster: xgb.Booster

    def predict(self, X: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(margins [n], calibrated scores [n]) of vectors [n, F] in set order; NaN is a missing value.

        A row's margin does not depend on the rows beside it, so live batches and replay agree to the bit.
        """
        margin = predict_margin(self.booster, X).astype(np.float64)
        return margin, self.spec.calibration.score(margin)

    def explain(self, X: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """What `predict` gives, to the bit, and the margins' exact TreeSHAP [n, F + 1], the bias last."""
        narrow, contributions = self.explainer.explain(X)
        margin = narrow.astype(np.float64)
        return margin, self.spec.calibration.score(margin), contributions

    @functools.cached_property
    def explainer(self) -> Explainer:
        """By what means `explain` does it. Made at the first use: tables take a moment and some memory."""
        return explainer_for(self.booster)

    @property
    def thresholds(self) -> dict[str, float]:
        """{"review", "block"}, on the calibrated score."""
        return dict(self.spec.thresholds)

    @property
    def medians(self) -> tuple[float | None, ...]:
        """The training rows' median of every feature: what is usual where an entity has no past."""
        return self.spec.medians


@dataclass(frozen=True)
class Registration:
    """All that is stored of a new version besides its bytes; `checks` is what the gate found."""

    event_type: str
    as_of: datetime
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    lineage: Mapping[str, Any]
    comparison: Mapping[str, Any]
    reference: Mapping[str, Any]
    checks: Sequence[Mapping[str, Any]]


def register_model(registration: Registration, *, artifact: Artifact, actor: str, now: datetime) -> str:
    """Store the artifact, append `model.trained` and `model.checked`, give the name `{event_type}-{number}`.

    Runs that finish together get different numbers: the later one meets the taken stream and takes the next.
    """
    for attempt in range(1, REGISTRATION_ATTEMPTS + 1):
        number = _next_number(registration.event_type)
        name = f"{registration.event_type}-{number}"
        try:
            with transaction.atomic():
                _store(artifact)
                append(_entries(name, number, registration, artifact, actor=actor, now=now), now=now)
            return name
        except StreamConflict:
            if attempt == REGISTRATION_ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


@functools.lru_cache(maxsize=16)
def load_model(name: str) -> LoadedModel:
    """The model, its bytes checked against their checksum; loaded once a process (versions are immutable).

    Raises UnknownModel, ArtifactCorrupt.
    """
    return _read_model(name, threads=1)


def load_for_bulk(name: str, *, threads: int) -> LoadedModel:
    """The same model on a booster of its own with `threads` threads, for evaluation over many rows."""
    return _read_model(name, threads=threads)


def verify_artifact(name: str) -> None:
    """Read the bytes of a version as they are stored now. Raises UnknownModel, ArtifactCorrupt."""
    _read_artifact(find_version(name))


def _read_artifact(version: ModelVersion) -> Artifact:
    stored = ModelArtifact.objects.filter(digest=version.artifact).first()
    if stored is None:
        raise ArtifactMissing(digest=version.artifact)
    return Artifact(bytes(stored.booster), stored.spec).verify(version.artifact)


def _read_model(name: str, *, threads: int) -> LoadedModel:
    row = find_version(name)
    artifact = _read_artifact(row)
    booster = load_booster(artifact.booster, threads=threads)
    spec = ModelSpec.from_json(artifact.spec)
    return LoadedModel(name, row.event_type, row.feature_set, spec, booster)


def champion_of(event_type: str) -> str | None:
    """The name of the model that decides this type now, if any."""
    route = Route.objects.filter(event_type=event_type).first()
    arms = route.arms if route else []
    return next((arm["model"] for arm in arms if arm["role"] == "champion"), None)


def find_version(name: str) -> ModelVersion:
    """The model version of this name. Raises UnknownModel, naming those there are."""
    version = ModelVersion.objects.filter(name=name).first()
    if version is None:
        raise UnknownModel(name=name, known=known_names())
    return version


def known_names() -> list[str]:
    """The names of all model versions."""
    return sorted(ModelVersion.objects.values_list("name", flat=True))


def library_versions() -> dict[str, str]:
    """What the bytes of an artifact depend on besides our code."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _next_number(event_type: str) -> int:
    return (ModelVersion.objects.filter(event_type=event_type).aggregate(top=Max("number"))["top"] or 0) + 1


def _entries(
    name: str, number: int, registration: Registration, artifact: Artifact, *, actor: str, now: datetime
) -> list[NewEntry]:
    facts = {field.name: getattr(registration, field.name) for field in fields(registration)}
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
        digest=artifact.digest, defaults={"booster": artifact.booster, "spec": artifact.spec}
    )
