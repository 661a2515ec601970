"""Decide a micro-batch: model, findings, policy, precedence, breaker, exploration, entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scoring.catalog.registry import event_type
from scoring.decisions.decision_entries import decision_entry
from scoring.decisions.facts import facts_of, sets_read, unseen_by
from scoring.decisions.media_hold import hold_for_media
from scoring.decisions.predictions.deciding_models import DecidingModels
from scoring.decisions.predictions.head_answers import as_data
from scoring.decisions.predictions.model_answers import ModelAnswer, Scored, ask_models
from scoring.lanes.amendments import REPLACING
from scoring.lanes.claiming import Claim
from scoring.log.entries import NewEntry
from scoring.rules.deciding.base_outcome import Base, by_model, by_policy, with_heads, without_score
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.findings import Facts, Found, find
from scoring.rules.deciding.guards import Guards, pass_breaker, pass_exploration
from scoring.rules.deciding.precedence import resolve
from scoring.rules.deciding.recording import recorded
from scoring.rules.policies.segments import LivePolicy
from scoring.rules.rules_only.switch import RULES_ONLY
from scoring.signals.telemetry import telemetry


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision ready to be appended. `rescore`: it is revised once the due model can be used."""

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
    deciding = models_to_ask(deciding, configuration)
    policy = configuration.policy.policy if configuration and configuration.policy else None
    answers = ask_models(scored, deciding=deciding, policy=policy)
    if configuration is None or guards is None:
        return [_decide_without_rules(answer, deciding=deciding, now=now) for answer in answers]
    with telemetry.stage("rules", events=len(answers)):
        facts = [facts_of(answer, configuration.features) for answer in answers]
        found = find(facts, configuration, now=now)
    return [
        decide_one(*event, configuration=configuration, guards=guards, deciding=deciding, now=now)
        for event in zip(answers, facts, found, strict=True)
    ]


def models_to_ask(deciding: DecidingModels, configuration: Configuration | None) -> DecidingModels:
    """The models of the route, or none while the event type is decided by rules only."""
    if configuration is None or not configuration.rules_only:
        return deciding
    return deciding.without_models(RULES_ONLY)


def _decide_without_rules(answer: ModelAnswer, *, deciding: DecidingModels, now: datetime) -> Decided:
    base = base_outcome(answer)
    kind, event = event_type(answer.item.claim.event["type"]), answer.item.claim.event
    unheld = {"outcome": base.outcome, "thresholds": base.thresholds}
    decided = hold_for_media(unheld, event, outcomes=kind.outcomes)
    entry = decision_entry(answer, decided, deciding=deciding, now=now)
    return Decided(answer.item.claim, entry, rescore=_is_revised_later(answer))


def decide_one(
    answer: ModelAnswer,
    facts: Facts,
    found: Found,
    *,
    configuration: Configuration,
    guards: Guards,
    deciding: DecidingModels,
    now: datetime,
) -> Decided:
    """The recipe of one event: the outcome of the score, then what lists, rules and guards make of it."""
    claim, kind = answer.item.claim, configuration.kind
    base = apply_policy(answer, facts, found, policy=configuration.policy)
    resolution = resolve(base.outcome, by=_decider(answer), findings=found.findings, outcomes=kind.outcomes)
    resolution, breaker = pass_breaker(
        resolution, found.findings, kind.name, claim.source, guards=guards, now=now
    )
    exploration = configuration.exploration if _may_explore(answer) else None
    resolution, explored = pass_exploration(
        resolution, exploration, claim.event, claim.event_stream, guards=guards, now=now
    )
    decided = recorded(
        configuration.version,
        resolution,
        found.findings,
        policy=base.policy,
        errors=(*found.errors, *base.errors),
        breaker=breaker,
        exploration=explored,
        unseen=unseen_by(answer, configuration.rules),
    )
    entry = decision_entry(
        answer,
        hold_for_media({**decided, "thresholds": base.thresholds}, claim.event, outcomes=kind.outcomes),
        deciding=deciding,
        read=sets_read(answer.item, answer.model.feature_set, configuration.features),
        now=now,
    )
    return Decided(claim, entry, rescore=_is_revised_later(answer))


def apply_policy(answer: ModelAnswer, facts: Facts, found: Found, *, policy: LivePolicy | None) -> Base:
    """The outcome of the scores by the policy that holds; `base_outcome` without one, or without a score.

    The policy concerns the main score; of heads, it has set the thresholds already. A head's more severe
    outcome prevails.
    """
    if policy is None or answer.score is None or answer.thresholds is None:
        return base_outcome(answer)
    kind = event_type(facts.event["type"])
    base = by_policy(policy, facts, found, kind=kind, score=answer.score, of_model=answer.thresholds)
    return with_heads(base, as_data(answer.heads), kind=kind)


def base_outcome(answer: ModelAnswer) -> Base:
    """The most severe outcome by the thresholds of the model and its heads; without a score, that which the
    event type states.
    """
    kind = event_type(answer.item.claim.event["type"])
    if answer.score is None or answer.thresholds is None:
        return without_score(kind, failed=bool(answer.cause))
    return with_heads(by_model(kind, answer.score, answer.thresholds), as_data(answer.heads), kind=kind)


def _decider(answer: ModelAnswer) -> Literal["model", "policy"]:
    return "policy" if answer.score is None else "model"


def _is_revised_later(answer: ModelAnswer) -> bool:
    """Whether the due model failed. A decision by rules only is final, as people chose it; one that a model
    failed to make before that still waits for the model.
    """
    return bool(answer.cause) and (answer.cause != RULES_ONLY or answer.item.claim.kind == "rescore")


def _may_explore(answer: ModelAnswer) -> bool:
    """Not in place of a failed model; and of a version of an event only the decision that is made first."""
    claim = answer.item.claim
    return answer.basis != "fallback" and (not claim.decisions or claim.kind in REPLACING)
