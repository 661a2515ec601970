"""Decide a micro-batch: model, findings, policy, precedence, breaker, exploration, entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.catalog.registry import event_type
from scoring.decisions.decision_entries import decision_entry
from scoring.decisions.facts import facts_of, sets_read, unseen_by
from scoring.decisions.predictions.deciding_models import DecidingModels
from scoring.decisions.predictions.model_answers import ModelAnswer, Scored, ask_models
from scoring.lanes.claiming import Claim
from scoring.log.entries import NewEntry
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.findings import Found, find
from scoring.rules.deciding.guards import Guards, pass_breaker, pass_exploration
from scoring.rules.deciding.precedence import resolve
from scoring.rules.deciding.recording import recorded
from scoring.rules.policies.thresholds import outcome_of
from scoring.signals.telemetry import telemetry


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision ready to be appended. `rescore`: the due model could not be used."""

    claim: Claim
    entry: NewEntry
    rescore: bool = False


def decide(
    scored: Sequence[Scored],
    *,
    deciding: DecidingModels,
    now: datetime,
    configuration: Configuration | None = None,
    guards: Guards | None = None,
) -> list[Decided]:
    """Decide events of one type under one version of its route and of the ruleset, in the order given.

    Without a `configuration` nothing but the models and the event type decides. `guards`, which come with
    one, count the events.
    """
    answers = ask_models(scored, deciding=deciding)
    if configuration is None or guards is None:
        return [_decide_by_policy(answer, deciding=deciding, now=now) for answer in answers]
    with telemetry.stage("rules", events=len(answers)):
        facts = [facts_of(answer, configuration.rules) for answer in answers]
        findings = find(facts, configuration, now=now)
    return [
        _decide(answer, found, configuration=configuration, guards=guards, deciding=deciding, now=now)
        for answer, found in zip(answers, findings, strict=True)
    ]


def _decide_by_policy(answer: ModelAnswer, *, deciding: DecidingModels, now: datetime) -> Decided:
    decided = {"outcome": base_outcome(answer), "thresholds": answer.thresholds}
    entry = decision_entry(answer, decided, deciding=deciding, now=now)
    return Decided(answer.item.claim, entry, rescore=bool(answer.cause))


def _decide(
    answer: ModelAnswer,
    found: Found,
    *,
    configuration: Configuration,
    guards: Guards,
    deciding: DecidingModels,
    now: datetime,
) -> Decided:
    """The recipe of one event: the outcome of the score, then what lists, rules and guards make of it."""
    claim = answer.item.claim
    base = base_outcome(answer)
    resolution = resolve(
        base,
        by="policy" if answer.score is None else "model",
        findings=found.findings,
        outcomes=configuration.kind.outcomes,
    )
    resolution, breaker = pass_breaker(
        resolution, found.findings, source=claim.source, configuration=configuration, guards=guards, now=now
    )
    exploration = None
    if answer.basis != "fallback" and claim.kind != "rescore":
        resolution, exploration = pass_exploration(
            resolution,
            claim.event,
            stream=claim.event_stream,
            configuration=configuration,
            guards=guards,
            now=now,
        )
    decided = {
        "thresholds": answer.thresholds,
        **recorded(
            configuration.version,
            resolution,
            found,
            breaker=breaker,
            exploration=exploration,
            unseen=unseen_by(answer, configuration.rules),
        ),
    }
    entry = decision_entry(
        answer,
        decided,
        deciding=deciding,
        read=sets_read(answer.item, answer.model.feature_set, configuration.rules),
        now=now,
    )
    return Decided(claim, entry, rescore=bool(answer.cause))


def base_outcome(answer: ModelAnswer) -> str:
    """The outcome of the score; without one, that of the failure policy, or of the type before any model."""
    kind = event_type(answer.item.claim.event["type"])
    if answer.score is not None and answer.thresholds is not None:
        return outcome_of(answer.score, answer.thresholds, kind.outcomes)
    return kind.failure_outcome if answer.cause else kind.no_model_outcome
