"""Decide a micro-batch: choose the model, predict, explain, apply the policy. Pure apart from the models."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from scoring.batch.serve.filling import views_read_by
from scoring.batch.serve.lookup import Numbers
from scoring.catalog.registry import event_type
from scoring.decisions.categories import apply_vocabulary
from scoring.decisions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.errors import ModelFailed, VectorOfOtherFeatures
from scoring.decisions.policy import outcome_of
from scoring.decisions.predicting import RUNTIME, predict
from scoring.features.compile.plan import FeatureSet
from scoring.features.logged_vectors import describe_also, pack_vectors
from scoring.lanes.claiming import Claim
from scoring.log.entries import NewEntry
from scoring.registry.loaded_models import LoadedModel
from scoring.sentences.reasons import reasons_for
from scoring.signals.telemetry import telemetry
from scoring.timestamps import to_iso

logger = logging.getLogger(__name__)

CORRECTED = "corrected"  # the cause of a decision on a corrected event that did not fail


@dataclass(frozen=True, slots=True)
class Scored:
    """A claimed event and the row that its lane folded for it [plan.width], at this seq of the lane's order.

    `sets`: the feature sets whose values the row holds; a row just folded holds all of the event's type. Open
    categories are not encoded yet, since each model has its own vocabulary. `batch`: the version of each
    batch view that values were read from.
    """

    claim: Claim
    order: int
    seq: int
    row: np.ndarray
    sets: Sequence[FeatureSet]
    batch: Numbers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision ready to be appended. `rescore`: the due model could not be used."""

    claim: Claim
    entry: NewEntry
    rescore: bool = False


def decide(scored: Sequence[Scored], *, deciding: DecidingModels, now: datetime) -> list[Decided]:
    """Decide events of one type under one version of its route, each by the model of its arm."""
    by_model: dict[str, list[Scored]] = defaultdict(list)
    models: dict[str, DecidingModel] = {}
    for item in scored:
        model = deciding.model_for(item.claim.event)
        models[model.name] = model
        by_model[model.name].append(item)
    return [
        decided
        for name, items in by_model.items()
        for decided in _decide_by(models[name], items, deciding=deciding, now=now)
    ]


def _decide_by(
    model: DecidingModel, items: Sequence[Scored], *, deciding: DecidingModels, now: datetime
) -> list[Decided]:
    if model.loaded is None:
        return [_without_model(item, model=model, deciding=deciding, now=now) for item in items]
    try:
        return _with_model(items, model=model, loaded=model.loaded, deciding=deciding, now=now)
    except ModelFailed as error:
        failure = error
    return _after_failure(failure, model, items, deciding=deciding, now=now)


def _after_failure(
    failure: ModelFailed,
    model: DecidingModel,
    items: Sequence[Scored],
    *,
    deciding: DecidingModels,
    now: datetime,
) -> list[Decided]:
    """Try each event alone, as one may have caused the failure; then the champion; then the policy."""
    if len(items) > 1:
        return [
            decided for item in items for decided in _decide_by(model, [item], deciding=deciding, now=now)
        ]
    logger.error("%s: %s", items[0].claim.event_stream, failure)
    if model is not deciding.champion:
        return _decide_by(deciding.champion, items, deciding=deciding, now=now)
    failed = replace(model, loaded=None, cause="model_failed", feature_set=deciding.newest)
    return [_without_model(items[0], model=failed, deciding=deciding, now=now)]


def _with_model(
    items: Sequence[Scored],
    *,
    model: DecidingModel,
    loaded: LoadedModel,
    deciding: DecidingModels,
    now: datetime,
) -> list[Decided]:
    _require_values(model, items)
    rows = np.stack([item.row for item in items])
    context = model.feature_set.context_of(rows)
    context[[item.claim.kind == "rescore" for item in items]] = np.nan  # its usual values were not logged
    features = apply_vocabulary(
        model.feature_set.vector_of(rows),
        feature_set=model.feature_set,
        fields=[item.claim.event["fields"] for item in items],
    )
    with telemetry.stage("predict", events=len(items)):
        predicted = predict(loaded, features)
    decided = []
    for row, item in enumerate(items):
        score = float(predicted.scores[row])
        data = {
            "outcome": outcome_of(score, loaded.thresholds),
            "basis": "model",
            "cause": "",
            "margin": float(predicted.margins[row]),
            "score": score,
            "thresholds": loaded.thresholds,
            "reasons": reasons_for(
                vector=features[row],
                contributions=predicted.contributions[row],
                context=context[row],
                feature_set=model.feature_set,
                medians=loaded.medians,
            ),
        }
        vectors = features[row], predicted.contributions[row]
        entry = _entry(item, data, vectors, model=model, deciding=deciding, now=now)
        decided.append(Decided(item.claim, entry))
    return decided


def _require_values(model: DecidingModel, items: Sequence[Scored]) -> None:
    """Raise VectorOfOtherFeatures for an event to score again whose decision did not log the model's set."""
    needed = model.feature_set.declared
    for item in items:
        if all(held.declared != needed for held in item.sets):
            raise VectorOfOtherFeatures(item.claim.event_stream, model=model.name, needed=needed)


def _without_model(item: Scored, *, model: DecidingModel, deciding: DecidingModels, now: datetime) -> Decided:
    """The failure policy decides if the due model cannot be used, else the type's policy before any model."""
    kind = event_type(item.claim.event["type"])
    data: dict[str, Any] = {
        "outcome": kind.failure_outcome if model.cause else kind.no_model_outcome,
        "basis": "fallback" if model.cause else "no_model",
        "cause": model.cause,
        "margin": None,
        "score": None,
        "thresholds": None,
        "reasons": [],
    }
    vectors = model.feature_set.vector_of(item.row), np.empty(0)
    entry = _entry(item, data, vectors, model=model, deciding=deciding, now=now)
    return Decided(item.claim, entry, rescore=bool(model.cause))


def _entry(
    item: Scored,
    data: Mapping[str, Any],
    vectors: tuple[np.ndarray, np.ndarray],
    *,
    model: DecidingModel,
    deciding: DecidingModels,
    now: datetime,
) -> NewEntry:
    claim = item.claim
    also = _also_asked_for(item, model, deciding)
    kind = event_type(claim.event["type"])
    return NewEntry(
        stream=claim.event_stream,
        expected_version=claim.stream_version,
        type="decision.revised" if claim.decisions else "decision.made",
        data={
            **data,
            "model": model.name,
            "feature_set": model.feature_set.hash,
            **describe_also(also),
            **_batch_versions(item, [model.feature_set, *also]),
            **_routing(model, deciding, claim.event),
            **_correction(claim, data),
            "event_position": claim.event_position,
            "event_type": kind.name,
            "stake": kind.stake(claim.event["fields"]),
            "revision": claim.decisions,
            "lane": kind.lane,
            "order": item.order,
            "seq": item.seq,
            "received_at": to_iso(claim.received_at),
            "waited": claim.wake_token is not None,
            "decided_at": to_iso(now),
            "runtime": RUNTIME,
        },
        packed=pack_vectors(*vectors, *(each.vector_of(item.row) for each in also)),
        metadata={"causation": claim.position},
    )


def _correction(claim: Claim, data: Mapping[str, Any]) -> dict[str, Any]:
    """For a corrected event: the position of the correction that was decided, and the cause."""
    if claim.event_version == claim.event_position:
        return {}
    return {"event_version": claim.event_version, "cause": data["cause"] or CORRECTED}


def _batch_versions(item: Scored, sets: Sequence[FeatureSet]) -> dict[str, Numbers]:
    """The versions of the batch views that the features read, if they read any."""
    views = dict.fromkeys(view for each in sets for view in views_read_by(each))
    return {"batch": {view: item.batch.get(view) for view in views}} if views else {}


def _also_asked_for(item: Scored, model: DecidingModel, deciding: DecidingModels) -> list[FeatureSet]:
    """The other feature sets whose values the decision logs: shadows may use them, and so may the model that
    revises a decision of the failure policy.
    """
    if not model.cause and not (deciding.route and deciding.route.shadows):
        return []
    return [each for each in item.sets if each.declared != model.feature_set.declared]


def _routing(model: DecidingModel, deciding: DecidingModels, event: Mapping[str, Any]) -> dict[str, Any]:
    """The routing fields of a decision. `arm`: that of the model that decided, "" for a fallback."""
    route = deciding.route
    arm = model.arm if model.loaded else None
    return {
        "route": route.version if route else None,
        "arm": arm.name if arm else "",
        "role": arm.role if arm else "",
        "experiment": route.experiment if route else "",
        "unit": deciding.unit_of(event),
    }
