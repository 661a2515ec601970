"""Decides a page of past events under a configuration, by the code that decides live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from scoring.catalog.event_type import EventType
from scoring.registry.errors import ArtifactCorrupt, UnknownModel
from scoring.registry.model_versions import describe_model
from scoring.rules.backtest.evaluation.asking import Listed, Matches, PageAsker
from scoring.rules.backtest.evaluation.configuration import TriedConfiguration
from scoring.rules.backtest.evaluation.list_edits import listed_after
from scoring.rules.backtest.evaluation.reading import EventPage
from scoring.rules.deciding.precedence import ALLOW, Finding, resolve
from scoring.rules.heads import heads_of, severest_outcome
from scoring.rules.policies.policy import Policy, Segment
from scoring.rules.policies.segments import LivePolicy
from scoring.rules.policies.thresholds import judged_again, outcome_of, thresholds_for
from scoring.rules.quality.logged import base_of, basis_kind


@dataclass(frozen=True)
class Decided:
    """What a configuration decides of each event of a page, before breaker and exploration.

    `bases`: the outcomes of the scores alone. `findings`: what active rules and lists found. `matches`: by
    the name of each rule.
    """

    outcomes: list[str]
    bases: list[str]
    findings: list[list[Finding]]
    matches: Mapping[str, Matches]


def decide_page(
    page: EventPage, configuration: TriedConfiguration, *, kind: type[EventType], asker: PageAsker
) -> Decided:
    """What the configuration decides. `asker`: of this page; it remembers answers between configurations."""
    edit = configuration.edit
    listed: Listed = listed_after(edit, page, kind=kind) if edit else page.listed
    findings = [list(each) for each in listed]
    matches = {
        rule.version.name: asker.ask_rule(rule, listed=listed, edit=edit) for rule in configuration.rules
    }
    for rule in configuration.rules:
        for row in np.flatnonzero(matches[rule.version.name].hit).tolist():
            findings[row].append(rule.finding)
    bases = _bases(page, configuration.policy, kind=kind, asker=asker, listed=listed)
    return Decided(_outcomes(page, bases, findings, kind), bases, findings, matches)


def _outcomes(
    page: EventPage, bases: Sequence[str], findings: Sequence[Sequence[Finding]], kind: type[EventType]
) -> list[str]:
    return [
        resolve(base, by=basis_kind(decision), findings=found, outcomes=kind.outcomes).outcome
        if found
        else base
        for base, found, decision in zip(bases, findings, page.decisions, strict=True)
    ]


def _bases(
    page: EventPage, live: LivePolicy | None, *, kind: type[EventType], asker: PageAsker, listed: Listed
) -> list[str]:
    """The outcomes of the scores alone, under a policy or by the thresholds of the models.

    Events without a decision have no score: nothing but rules and lists speaks against them.
    """
    if not page.is_decided:
        return [ALLOW] * len(page)
    conditions = live.conditions if live else ()
    segments = [(segment, asker.ask(condition, listed).matched) for segment, condition in conditions]
    bases = []
    for row, decision in enumerate(page.decisions):
        if decision["basis"] != "model":
            bases.append(base_of(decision, kind.outcomes))
        elif live is None:
            bases.append(_base_by_model(decision, kind))
        else:
            segment = next((each for each, mask in segments if mask[row]), None)
            bases.append(_base_by_policy(decision, live.policy, segment, kind))
    return bases


def _base_by_model(decision: Mapping[str, Any], kind: type[EventType]) -> str:
    """The thresholds that were logged are the model's, unless a policy gave them."""
    if not decision.get("policy"):
        return base_of(decision, kind.outcomes)
    outcome = outcome_of(decision["score"], thresholds_of_model(decision["model"]), kind.outcomes)
    return _with_heads(outcome, decision, None, kind)


def _base_by_policy(
    decision: Mapping[str, Any], policy: Policy, segment: Segment | None, kind: type[EventType]
) -> str:
    thresholds = thresholds_for(
        policy,
        stake=_stake_of(decision, kind),
        of_model=thresholds_of_model(decision["model"]),
        segment=segment,
    )
    outcome = outcome_of(decision["score"], thresholds, kind.outcomes)
    return _with_heads(outcome, decision, policy, kind)


def _with_heads(
    outcome: str, decision: Mapping[str, Any], policy: Policy | None, kind: type[EventType]
) -> str:
    """The most severe of an outcome and those of the logged heads under a policy."""
    if not (heads := heads_of(decision)):
        return outcome
    again = judged_again(
        heads,
        policy,
        stake=_stake_of(decision, kind),
        of_model=lambda head: thresholds_of_head(decision["model"], head),
        outcomes=kind.outcomes,
    )
    return severest_outcome(outcome, again, kind.outcomes)


def _stake_of(decision: Mapping[str, Any], kind: type[EventType]) -> int:
    stake = decision["stake"]
    return kind.nominal_stake if stake is None else stake


@lru_cache(maxsize=64)
def thresholds_of_model(name: str) -> Mapping[str, float]:
    """The thresholds stored with a model; none if its artifact is lost."""
    try:
        return describe_model(name).thresholds
    except (UnknownModel, ArtifactCorrupt):
        return {}


@lru_cache(maxsize=256)
def thresholds_of_head(model: str, policy: str) -> Mapping[str, float]:
    """The thresholds stored with a model's head of a content policy; none if they are lost."""
    try:
        head = describe_model(model).spec.heads.get(policy)
    except (UnknownModel, ArtifactCorrupt):
        return {}
    return head.thresholds if head else {}
