"""Compose the log entry of a decision."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scoring.batch.serve.filling import views_read_by
from scoring.batch.serve.lookup import Numbers
from scoring.catalog.registry import event_type
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.head_answers import as_data
from scoring.decisions.predictions.model_answers import ModelAnswer, Scored
from scoring.decisions.predictions.predicting import RUNTIME
from scoring.features.compile.plan import FeatureSet
from scoring.features.logged_vectors import describe_also, pack_vectors
from scoring.lanes.amendments import is_enrichment
from scoring.lanes.claiming import Claim
from scoring.log.entries import NewEntry
from scoring.rules.quality.logged import ENRICHED
from scoring.rules.rules_only.switch import RULES_ONLY
from scoring.timestamps import to_iso

CORRECTED = "corrected"  # the cause of a decision on an amended event, unless it was enriched


def decision_entry(
    answer: ModelAnswer,
    decided: Mapping[str, Any],
    *,
    deciding: DecidingModels,
    now: datetime,
    read: Sequence[FeatureSet] = (),
) -> NewEntry:
    """The entry of a decision on a claimed event.

    `decided`: its outcome, and what led to it. `read`: the sets besides the model's that rules read.
    """
    item, claim, model = answer.item, answer.item.claim, answer.model
    also = _also_asked_for(item, model, deciding, read)
    kind = event_type(claim.event["type"])
    return NewEntry(
        stream=claim.event_stream,
        expected_version=claim.stream_version,
        type="decision.revised" if claim.decisions else "decision.made",
        data={
            **decided,
            "basis": answer.basis,
            "cause": answer.cause,
            "margin": answer.margin,
            "score": answer.score,
            "reasons": list(answer.reasons),
            **({"policies": as_data(answer.heads)} if answer.heads else {}),
            "model": model.name,
            "feature_set": model.feature_set.hash,
            **describe_also(also),
            **_batch_versions(item, [model.feature_set, *also]),
            **_routing(answer, deciding),
            **_correction(claim, answer),
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
        packed=pack_vectors(
            answer.vector, answer.contributions, *(each.vector_of(item.row) for each in also)
        ),
        metadata={"causation": claim.position},
    )


def _correction(claim: Claim, answer: ModelAnswer) -> dict[str, Any]:
    """For an amended event: the position of the version that was decided, and the cause."""
    if claim.event_version == claim.event_position:
        return {}
    cause = ENRICHED if is_enrichment(claim.event) else CORRECTED
    return {"event_version": claim.event_version, "cause": answer.cause or cause}


def _batch_versions(item: Scored, sets: Sequence[FeatureSet]) -> dict[str, Numbers]:
    """The versions of the batch views that the features read, if they read any."""
    views = dict.fromkeys(view for each in sets for view in views_read_by(each))
    return {"batch": {view: item.batch.get(view) for view in views}} if views else {}


def _also_asked_for(
    item: Scored, model: DecidingModel, deciding: DecidingModels, read: Sequence[FeatureSet]
) -> list[FeatureSet]:
    """The other feature sets whose values the decision logs: those that rules read, and all of them if
    shadows may use them, or the model that revises a decision of the failure policy.
    """
    if model.cause in ("", RULES_ONLY) and not (deciding.route and deciding.route.shadows):
        return list(read)
    return [each for each in item.sets if each.declared != model.feature_set.declared]


def _routing(answer: ModelAnswer, deciding: DecidingModels) -> dict[str, Any]:
    """The routing fields of a decision. `arm`: that of the model that decided, "" for a fallback.

    `experiment`: "" while rules alone decide, because then the arms do not differ.
    """
    route = deciding.route
    arm = answer.model.arm if answer.score is not None else None
    return {
        "route": route.version if route else None,
        "arm": arm.name if arm else "",
        "role": arm.role if arm else "",
        "experiment": route.experiment if route and answer.cause != RULES_ONLY else "",
        "unit": deciding.unit_of(answer.item.claim.event),
    }
