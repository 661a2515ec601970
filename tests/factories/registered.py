"""Versions with made-up bytes, registered by the product's own code: nothing is trained, none can score."""

from datetime import UTC, datetime
from typing import Any

from scoring.registry.artifact import Artifact, ModelSpec
from scoring.registry.calibration import Calibration
from scoring.registry.model_versions import Registration, find_version, register_model
from scoring.registry.models import ModelVersion

NOW = datetime(2026, 3, 1, tzinfo=UTC)
METRICS = {
    "average_precision": 0.75,
    "recall": None,
    "slices": {"test": {"rows": 100}},
    "policies": {"card testing": {"brier": 0.25}},
}


def register(*, parameters: dict[str, Any] | None = None, booster: bytes = b"booster") -> ModelVersion:
    """A candidate for payments, trained by Ana."""
    spec = ModelSpec(
        event_type="payment",
        feature_set="f" * 64,
        features=("amount",),
        vocabularies={},
        calibration=Calibration(1.0, 0.0),
        thresholds={"review": 0.1, "block": 0.9},
        medians=(12.0,),
        base_rate=0.01,
        rounds=1,
    )
    registration = Registration(
        event_type="payment",
        as_of=NOW,
        parameters=parameters or {"depth": 6},
        metrics=METRICS,
        lineage={"rows": 1_000, "positives": 10, "log_position": 7},
        comparison={},
        reference={},
        checks=[],
    )
    artifact = Artifact(booster, spec.to_json())
    return find_version(register_model(registration, artifact=artifact, actor="user/ana", now=NOW))
