"""Decide a micro-batch: ask the models, apply the policy, compose the entries. Pure apart from the models."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.catalog.registry import event_type
from scoring.decisions.decision_entries import decision_entry
from scoring.decisions.policy import outcome_of
from scoring.decisions.predictions.deciding_models import DecidingModels
from scoring.decisions.predictions.model_answers import ModelAnswer, Scored, ask_models
from scoring.lanes.claiming import Claim
from scoring.log.entries import NewEntry


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision ready to be appended. `rescore`: the due model could not be used."""

    claim: Claim
    entry: NewEntry
    rescore: bool = False


def decide(scored: Sequence[Scored], *, deciding: DecidingModels, now: datetime) -> list[Decided]:
    """Decide events of one type under one version of its route, each by the model of its arm."""
    answers = ask_models(scored, deciding=deciding)
    return [_decide(answer, deciding=deciding, now=now) for answer in answers]


def _decide(answer: ModelAnswer, *, deciding: DecidingModels, now: datetime) -> Decided:
    decided = {"outcome": base_outcome(answer), "thresholds": answer.thresholds}
    entry = decision_entry(answer, decided, deciding=deciding, now=now)
    return Decided(answer.item.claim, entry, rescore=bool(answer.cause))


def base_outcome(answer: ModelAnswer) -> str:
    """The outcome of the score; without one, that of the failure policy, or of the type before any model."""
    kind = event_type(answer.item.claim.event["type"])
    if answer.score is not None and answer.thresholds is not None:
        return outcome_of(answer.score, answer.thresholds, kind.outcomes)
    return kind.failure_outcome if answer.cause else kind.no_model_outcome
