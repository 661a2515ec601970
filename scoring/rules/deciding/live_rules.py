"""The live rules of an event type, compiled once for a version of the ruleset, and asked about events."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from scoring.catalog.event_type import EventType
from scoring.rules.deciding.precedence import Finding
from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression
from scoring.rules.expressions.errors import ExpressionFailed, ExpressionInvalid
from scoring.rules.expressions.grouping import ExpressionGroup, group_expressions, places_to_ask
from scoring.rules.expressions.operands import operands_of
from scoring.rules.expressions.prefilter.event_values import EventValues
from scoring.rules.expressions.prefilter.prefilter import Prefilter
from scoring.rules.expressions.rewriting import Lookup
from scoring.rules.rules.book import LiveRule, is_suppressed
from scoring.rules.rules.rule import RuleVersion, is_in_rollout
from scoring.rules.rules.suppressing import entity_keys

MAX_ERROR = 300  # characters of an error that a decision records
MIN_CALLS = 4  # of CEL, about as many as the prefilter takes the time of


@dataclass(frozen=True, slots=True)
class RuleError:
    """A live rule that failed on an event, or that this code cannot compile."""

    name: str
    number: int
    error: str

    def as_data(self) -> dict[str, Any]:
        return {"name": self.name, "number": self.number, "error": self.error}


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A live rule with its expression, and the finding that it makes of an event that matches."""

    live: LiveRule
    expression: CompiledExpression
    finding: Finding

    @property
    def version(self) -> RuleVersion:
        return self.live.version

    def applies(self, kind: type[EventType], fields: Mapping[str, Any], now: datetime) -> bool:
        """Whether the event is in the rule's share of units and none of its entities is exempt from it."""
        version = self.version
        if version.share < 1 and not is_in_rollout(version, str(fields.get(version.unit) or "")):
            return False
        if not self.live.suppressed:
            return True
        names = {name for name, _ in self.live.suppressed}
        return not is_suppressed(self.live, entity_keys(kind, fields, names), now)


@dataclass(frozen=True, slots=True)
class RuleAnswers:
    """The rules that match an event, and those that failed on it."""

    findings: tuple[Finding, ...] = ()
    errors: tuple[RuleError, ...] = ()


NO_ANSWERS = RuleAnswers()


@dataclass(frozen=True, slots=True, eq=False)
class LiveRules:
    """The rules of an event type that are evaluated on every event, in order of their names.

    `broken`: live rules that this code cannot compile, because what they name is gone. `features`: those that
    the rules read.
    """

    kind: type[EventType]
    rules: tuple[CompiledRule, ...]
    broken: tuple[RuleError, ...]
    builder: ActivationBuilder = field(repr=False)
    groups: tuple[ExpressionGroup, ...] = field(repr=False)
    prefilter: Prefilter = field(repr=False)

    @property
    def features(self) -> tuple[str, ...]:
        return self.builder.features

    @property
    def lookups(self) -> frozenset[Lookup]:
        """The (field, list) that some rule looks up."""
        return self.builder.lookups

    def without_features(self) -> "LiveRules":
        """Those that need no features: they decide even if the states cannot be read."""
        return _of(self.kind, [rule for rule in self.rules if not rule.expression.features], self.broken)

    def unseen(self, held: Collection[str], *, score: bool) -> list[dict[str, Any]]:
        """The rules that need a feature which is not `held`, or a score if there is none, as recorded."""
        if score and all(name in held for name in self.features):
            return []
        return [
            {"kind": "rule", "name": rule.version.name, "number": rule.version.number}
            for rule in self.rules
            if not rule.expression.features <= set(held) or (rule.expression.needs_score and not score)
        ]

    def ask(self, events: Sequence[EventValues], *, now: datetime) -> list[RuleAnswers]:
        """What the rules say about each event. Its `hits` are those at `now`, its `features` those known."""
        if len(events) * len(self.groups) < MIN_CALLS:
            return [self._ask(event, None, now) for event in events]
        possible = self.prefilter.may_match(events)
        answers = [self._nothing] * len(events)
        for place in np.flatnonzero(possible.any(axis=0)).tolist():
            answers[place] = self._ask(events[place], np.flatnonzero(possible[:, place]).tolist(), now)
        return answers

    @property
    def _nothing(self) -> RuleAnswers:
        """The answers on an event that no rule matches."""
        return RuleAnswers(errors=self.broken) if self.broken else NO_ANSWERS

    def _ask(self, event: EventValues, among: Collection[int] | None, now: datetime) -> RuleAnswers:
        """What the rules say about one event. `among`: the places of those that may match, None for all."""
        if not self.rules:
            return self._nothing
        activation = self.builder.build(
            fields=event.fields,
            source=event.source,
            signals=event.signals,
            features=[event.features.get(name) for name in self.features] if event.features else (),
            score=event.score,
            hits=event.hits,
        )
        findings, errors = [], list(self.broken)
        for place in places_to_ask(self.groups, activation, among=among):
            rule = self.rules[place]
            try:
                if rule.expression.matches(activation) and rule.applies(self.kind, event.fields, now):
                    findings.append(rule.finding)
            except ExpressionFailed as failed:
                errors.append(_error(rule.version, failed.problem))
        return RuleAnswers(tuple(findings), tuple(errors))


def compile_rules(kind: type[EventType], live: Sequence[LiveRule]) -> LiveRules:
    """The live rules of an event type, compiled; one that cannot be compiled stops none of the others."""
    operands = operands_of(kind.name)
    rules, broken = [], []
    for each in live:
        if each.version.outcome not in kind.outcomes:
            broken.append(_error(each.version, _outcome_gone(each.version, kind)))
            continue
        try:
            expression = compile_expression(each.version.expression, operands)
            rules.append(CompiledRule(each, expression, _finding(each)))
        except ExpressionInvalid as error:
            broken.append(_error(each.version, str(error)))
    return _of(kind, rules, broken)


def _of(kind: type[EventType], rules: Sequence[CompiledRule], broken: Sequence[RuleError]) -> LiveRules:
    expressions = [rule.expression for rule in rules]
    return LiveRules(
        kind,
        tuple(rules),
        tuple(broken),
        ActivationBuilder(expressions),
        group_expressions(expressions),
        Prefilter(expressions),
    )


def _finding(live: LiveRule) -> Finding:
    version = live.version
    return Finding(
        kind="rule",
        name=version.name,
        number=version.number,
        outcome=version.outcome,
        code=version.code,
        text=version.sentence,
        stage="active" if live.stage == "active" else "shadow",
        overrides_lists=version.overrides_lists,
    )


def _outcome_gone(version: RuleVersion, kind: type[EventType]) -> str:
    declared = ", ".join(kind.outcomes)
    return f"{kind.name} declares no outcome {version.outcome!r} any more; it has {declared}"


def _error(version: RuleVersion, problem: str) -> RuleError:
    return RuleError(version.name, version.number, problem[:MAX_ERROR])
