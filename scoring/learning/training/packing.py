"""Packs a trained booster into the artifact that is stored."""

from dataclasses import asdict
from typing import Any

from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.training.fit import Trained
from scoring.registry.artifact import Artifact, ModelSpec, head_part, pack_parts, text_part


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
        extra=_extra(trained),
    )
    parts = {text_part(text.field): text.packed() for text in trained.texts}
    parts |= {head_part(name): _ubj(head.booster) for name, head in trained.heads.items()}
    return Artifact(_ubj(trained.booster), spec.to_json(), pack_parts(parts))


def _extra(trained: Trained) -> dict[str, Any]:
    """Text models and heads as the spec describes them; empty without any, as in models before there were."""
    texts = {text.field: text.described() for text in trained.texts}
    heads = {name: asdict(head.spec) for name, head in trained.heads.items()}
    return {**({"texts": texts} if texts else {}), **({"heads": heads} if heads else {})}


def _ubj(booster: Any) -> bytes:
    return bytes(booster.save_raw("ubj"))
