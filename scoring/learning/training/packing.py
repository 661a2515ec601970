"""Packs a trained booster into the artifact that is stored."""

from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.training.fit import Trained
from scoring.registry.artifact import Artifact, ModelSpec


def pack_model(*, trained: Trained, data: TrainingSet) -> Artifact:
    """The artifact; the same training run gives the same bytes and so the same digest."""
    spec = ModelSpec(
        event_type=data.event_type,
        feature_set=data.feature_set,
        features=data.feature_names,
        vocabularies=data.vocabularies,
        calibration=trained.calibration,
        thresholds=trained.thresholds,
        medians=tuple(trained.medians),
        base_rate=trained.base_rate,
        rounds=trained.rounds,
    )
    return Artifact(bytes(trained.booster.save_raw("ubj")), spec.to_json())
