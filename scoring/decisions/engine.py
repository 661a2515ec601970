"""The walk of a micro-batch: sequence, predict, explain, decide. Pure but for the models it is handed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from scoring.catalog.registry import event_type
from scoring.decisions.models_in_charge import ModelInCharge
from scoring.decisions.pending import Claim
from scoring.decisions.policy import outcome_of
from scoring.explain.reasons import reasons_for
from scoring.features.plan import FeatureSet
from scoring.learning.registry import LoadedModel, library_versions
from scoring.log.entries import NewEntry
from scoring.timestamps import to_iso

# Under which libraries a decision came about: replay reproduces it bit for bit under the same ones.
RUNTIME = " ".join(f"{name}-{number}" for name, number in library_versions().items())


@dataclass(frozen=True, slots=True)
class Scored:
    """A claimed event and its feature vector with context [F + F], read at this seq of its lane's order."""

    claim: Claim
    order: int
    seq: int
    vector: np.ndarray


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision ready to be appended. `rescore` is set when a model was due but could not be had."""

    claim: Claim
    entry: NewEntry
    rescore: bool = False


def decide(
    scored: Sequence[Scored],
    *,
    feature_set: FeatureSet,
    model: ModelInCharge,
    now: datetime,
) -> list[Decided]:
    """Decide events of one type under one version of its route."""
    if model.loaded is None:
        return [_without_model(item, feature_set=feature_set, model=model, now=now) for item in scored]
    return _with_model(scored, feature_set=feature_set, loaded=model.loaded, now=now)


def _with_model(
    scored: Sequence[Scored], *, feature_set: FeatureSet, loaded: LoadedModel, now: datetime
) -> list[Decided]:
    width = len(feature_set.names)
    matrix = np.stack([item.vector for item in scored])
    features, context = matrix[:, :width], matrix[:, width : 2 * width]
    margins, scores = loaded.predict(features)
    contributions = loaded.contributions(features)
    decided = []
    for row, item in enumerate(scored):
        score = float(scores[row])
        data = {
            "outcome": outcome_of(score, loaded.thresholds),
            "basis": "model",
            "cause": "",
            "model": loaded.name,
            "feature_set": feature_set.hash,
            "margin": float(margins[row]),
            "score": score,
            "thresholds": loaded.thresholds,
            "reasons": reasons_for(
                vector=features[row],
                contributions=contributions[row],
                context=context[row],
                feature_set=feature_set,
                medians=loaded.medians,
            ),
        }
        packed = pack_vectors(features[row], contributions[row])
        decided.append(Decided(item.claim, _entry(item, data, packed=packed, now=now)))
    return decided


def _without_model(item: Scored, *, feature_set: FeatureSet, model: ModelInCharge, now: datetime) -> Decided:
    """Without a model ever promoted the catalog's policy decides; without one at hand, the failure policy."""
    kind = event_type(item.claim.event["type"])
    width = len(feature_set.names)
    data: dict[str, Any] = {
        "outcome": kind.failure_outcome if model.cause else kind.no_model_outcome,
        "basis": "fallback" if model.cause else "no_model",
        "cause": model.cause,
        "model": model.name,
        "feature_set": feature_set.hash,
        "margin": None,
        "score": None,
        "thresholds": None,
        "reasons": [],
    }
    entry = _entry(item, data, packed=pack_vectors(item.vector[:width], np.empty(0)), now=now)
    return Decided(item.claim, entry, rescore=bool(model.cause))


def pack_vectors(vector: np.ndarray, contributions: np.ndarray) -> bytes:
    """Feature vector [F] and contributions [F + 1, or none], as little-endian float64 one after the other."""
    return np.concatenate([vector, contributions]).astype("<f8").tobytes()


def unpack_vectors(packed: bytes, *, width: int) -> tuple[np.ndarray, np.ndarray]:
    """What `pack_vectors` was given, for a feature set of `width` features."""
    values = np.frombuffer(packed, dtype="<f8")
    return values[:width], values[width:]


def _entry(item: Scored, data: Mapping[str, Any], *, packed: bytes, now: datetime) -> NewEntry:
    claim = item.claim
    kind = event_type(claim.event["type"])
    return NewEntry(
        stream=claim.event_stream,
        expected_version=claim.stream_version,
        type="decision.revised" if claim.decisions else "decision.made",
        data={
            **data,
            "event_position": claim.event_position,
            "event_type": kind.name,
            "revision": claim.decisions,
            "lane": kind.lane,
            "order": item.order,
            "seq": item.seq,
            "received_at": to_iso(claim.received_at),
            "decided_at": to_iso(now),
            "runtime": RUNTIME,
        },
        packed=packed,
        metadata={"causation": claim.position},
    )
