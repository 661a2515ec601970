"""Model versions: registered with all they came from, loaded with their checksum verified, promoted."""

import functools
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import xgboost as xgb
from django.db import transaction
from django.db.models import Max
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.models import Route
from scoring.decisions.routing import Arm, change_route
from scoring.errors import (
    ArtefactMissing,
    FeatureSetUnavailable,
    ModelNotPromotable,
    StreamConflict,
    UnknownModel,
)
from scoring.features.plan import lane_plan
from scoring.learning.artefact import Artefact, ModelSpec
from scoring.learning.dataset import first_entity
from scoring.learning.models import ModelArtefact, ModelVersion
from scoring.learning.prediction import load_booster, predict_contributions, predict_margin
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
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

    def contributions(self, X: NDArray) -> NDArray[np.float64]:
        """Exact TreeSHAP of the margins, float64[n, F + 1], the last column being the bias."""
        return predict_contributions(self.booster, X)

    @property
    def thresholds(self) -> dict[str, float]:
        """{"review", "block"}, on the calibrated score."""
        return dict(self.spec.thresholds)

    @property
    def medians(self) -> tuple[float | None, ...]:
        """The training rows' median of every feature: what is usual where an entity has no past."""
        return self.spec.medians


def register_model(
    *,
    artefact: Artefact,
    event_type: str,
    as_of: datetime,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
    lineage: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> str:
    """Store the artefact, append `model.trained`, give the new version's name `{event_type}-{number}`.

    Runs that finish together get different numbers: the later one meets the taken stream and takes the next.
    """
    for attempt in range(1, REGISTRATION_ATTEMPTS + 1):
        entry = _trained_entry(
            event_type,
            artefact,
            as_of=as_of,
            parameters=parameters,
            metrics=metrics,
            lineage=lineage,
            now=now,
        )
        try:
            with transaction.atomic():
                _store(artefact)
                append([replace(entry, metadata={"actor": actor})], now=now)
            break
        except StreamConflict:
            if attempt == REGISTRATION_ATTEMPTS:
                raise
    return str(entry.data["name"])


@functools.lru_cache(maxsize=16)
def load_model(name: str) -> LoadedModel:
    """The model, its bytes checked against their checksum; loaded once a process (versions are immutable).

    Raises UnknownModel, ArtefactCorrupt.
    """
    return _read_model(name, threads=1)


def load_for_bulk(name: str, *, threads: int) -> LoadedModel:
    """The same model on a booster of its own with `threads` threads, for evaluation over many rows."""
    return _read_model(name, threads=threads)


def _read_model(name: str, *, threads: int) -> LoadedModel:
    row = ModelVersion.objects.filter(name=name).first()
    if row is None:
        raise UnknownModel(name=name, known=_known_names())
    stored = ModelArtefact.objects.filter(digest=row.artefact).first()
    if stored is None:
        raise ArtefactMissing(digest=row.artefact)
    artefact = Artefact(bytes(stored.booster), stored.spec).verify(row.artefact)
    booster = load_booster(artefact.booster, threads=threads)
    spec = ModelSpec.from_json(artefact.spec)
    return LoadedModel(name, row.event_type, row.feature_set, spec, booster)


def promote(name: str, *, actor: str, now: datetime) -> Entry:
    """Make the model its event type's only arm. Who is in which arm stays as it was: the salt is kept.

    Raises UnknownModel, ModelNotPromotable (its lineage forbids it), FeatureSetUnavailable, StreamConflict
    when the route changed meanwhile.
    """
    row = ModelVersion.objects.filter(name=name).first()
    if row is None:
        raise UnknownModel(name=name, known=_known_names())
    if reason := row.lineage.get("not_promotable"):
        raise ModelNotPromotable(name=name, reason=reason)
    loaded = load_model(name)
    lane = find_event_type(row.event_type).lane
    plan = lane_plan(lane, {row.event_type: loaded.spec.vocabularies})
    found = plan.feature_set(row.event_type).hash
    if found != row.feature_set:
        raise FeatureSetUnavailable(name=name, needed=row.feature_set, found=found)
    route = Route.objects.filter(event_type=row.event_type).first()
    return change_route(
        row.event_type,
        arms=[Arm(name="champion", model=name, role="champion", share=1.0)],
        salt=route.salt if route else f"{row.event_type}/1",
        unit=route.unit if route else first_entity(row.event_type),
        expected_version=route.version if route else 0,
        actor=actor,
        reason="promoted",
        now=now,
    )


def newest_promotable(event_type: str) -> str:
    """The name of the type's newest model that may decide. Raises UnknownModel when there is none."""
    for row in ModelVersion.objects.filter(event_type=event_type).order_by("-number"):
        if "not_promotable" not in row.lineage:
            return row.name
    raise UnknownModel(name=event_type, known=_known_names())


def champion_of(event_type: str) -> str | None:
    """The name of the model that decides this type now, if any."""
    route = Route.objects.filter(event_type=event_type).first()
    arms = route.arms if route else []
    return next((arm["model"] for arm in arms if arm["role"] == "champion"), None)


def _known_names() -> list[str]:
    return sorted(ModelVersion.objects.values_list("name", flat=True))


def library_versions() -> dict[str, str]:
    """What the bytes of an artefact depend on besides our code."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _trained_entry(
    event_type: str,
    artefact: Artefact,
    *,
    as_of: datetime,
    parameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
    lineage: Mapping[str, Any],
    now: datetime,
) -> NewEntry:
    numbers = ModelVersion.objects.filter(event_type=event_type).aggregate(top=Max("number"))
    name = f"{event_type}-{(numbers['top'] or 0) + 1}"
    data = {
        "name": name,
        "event_type": event_type,
        "number": (numbers["top"] or 0) + 1,
        "artefact": artefact.digest,
        "feature_set": ModelSpec.from_json(artefact.spec).feature_set,
        "trained_at": to_iso(now),
        "as_of": to_iso(as_of),
        "parameters": dict(parameters),
        "metrics": dict(metrics),
        "lineage": {**lineage, "libraries": library_versions()},
    }
    return NewEntry(stream=f"model/{name}", expected_version=0, type="model.trained", data=data)


def _store(artefact: Artefact) -> None:
    ModelArtefact.objects.get_or_create(
        digest=artefact.digest, defaults={"booster": artefact.booster, "spec": artefact.spec}
    )
