"""Judges decisions again: what the ruleset that each one names says about its event, and the outcome.

Replay and the continuous check both compare what comes out here with what was logged.

The state of the breaker and the cap that stopped exploration depend on other decisions, so they are taken
from the log; all else is computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.facts import features_in
from scoring.decisions.media_hold import hold_for_media
from scoring.features.compile.plan import lane_plan
from scoring.replay.bank_hits import PastBanks
from scoring.replay.compare import DecisionComparison, compare
from scoring.replay.list_hits import PastEvent, PastHits, find_past_hits
from scoring.replay.logged import LoggedDecision
from scoring.replay.recompute import Judgement, Recomputed
from scoring.rules.breaker.tripping import OPEN
from scoring.rules.deciding.base_outcome import Base, by_model, by_policy, with_heads, without_score
from scoring.rules.deciding.findings import Facts, Found, bank_findings, judge
from scoring.rules.deciding.live_rules import LiveRules
from scoring.rules.deciding.precedence import Resolution, explored, held_by_breaker, resolve
from scoring.rules.deciding.rules_at import rules_at
from scoring.rules.deciding.ruleset import Ruleset, ruleset_at
from scoring.rules.exploration import drawing
from scoring.rules.policies.segments import LivePolicy, compile_policy
from scoring.timestamps import from_iso


class PastRuleset(NamedTuple):
    """A version of the ruleset, and what it configured for the event type, compiled."""

    ruleset: Ruleset
    rules: LiveRules
    policy: LivePolicy | None

    @property
    def features(self) -> tuple[str, ...]:
        return (*self.rules.features, *(self.policy.features if self.policy else ()))


class Judge:
    """Judges decisions of one event type again; keeps the versions of the ruleset that it has read."""

    def __init__(self, event_type: str) -> None:
        self.kind = find_event_type(event_type)
        self._past = cache(self._read)
        self._banks = PastBanks()

    def compare_all(
        self, logged: Sequence[LoggedDecision], again: Sequence[Recomputed]
    ) -> list[DecisionComparison]:
        """Each decision compared with what was recomputed of it, judged under the ruleset that it names."""
        judged = self._judge_all(logged, again)
        return [compare(decision, made) for decision, made in zip(logged, judged, strict=True)]

    def _judge_all(self, logged: Sequence[LoggedDecision], again: Sequence[Recomputed]) -> list[Recomputed]:
        """The recomputed decisions with their outcomes under the rulesets that they name.

        Decisions without one stay as they are, as do those that could not be recomputed.
        """
        rows = [
            row
            for row, (decision, made) in enumerate(zip(logged, again, strict=True))
            if "ruleset" in decision.entry.data and not made.why_not
        ]
        judged = list(again)
        hits = find_past_hits([self._past_event(logged[row]) for row in rows])
        for row, found in zip(rows, hits, strict=True):
            judged[row] = self._judge(logged[row], again[row], found)
        return [self._held(*pair) for pair in zip(logged, judged, strict=True)]

    def _held(self, logged: LoggedDecision, made: Recomputed) -> Recomputed:
        """The outcome that the event gets at least until its media are processed."""
        if made.why_not or not logged.event.get("held"):
            return made
        decided = {
            "outcome": made.outcome,
            "decided_by": made.judgement.decided_by if made.judgement else "",
        }
        held = hold_for_media(decided, logged.event, outcomes=self.kind.outcomes)
        return replace(made, outcome=held["outcome"])

    def _read(self, version: int) -> PastRuleset:
        ruleset = ruleset_at(version)
        policy = ruleset.policies.active(self.kind.name)
        return PastRuleset(
            ruleset,
            rules_at(version, self.kind.name),
            compile_policy(policy) if policy else None,
        )

    def _past_event(self, logged: LoggedDecision) -> PastEvent:
        data = logged.entry.data
        lists = self._past(data["ruleset"]).ruleset.lists
        return PastEvent(
            self.kind.name, logged.event["fields"], lists, data["ruleset"], from_iso(data["decided_at"])
        )

    def _judge(self, logged: LoggedDecision, made: Recomputed, hits: PastHits) -> Recomputed:
        if hits.why_not:
            return Recomputed(why_not=hits.why_not)
        data = logged.entry.data
        past, now = self._past(data["ruleset"]), from_iso(data["decided_at"])
        features = _features(made, past.features)
        if not features.are_known:
            return Recomputed(why_not="a rule or policy reads a feature of an entity that is not checked")
        facts = Facts(logged.event, features.values, made.score)
        banks = past.ruleset.banks
        banked = self._banks.find(
            logged.event, banks=banks, decision=data, version=past.ruleset.version, now=now
        )
        found = judge(
            facts,
            hits.hits,
            banked=bank_findings(banked, banks, kind=self.kind),
            definitions=past.ruleset.lists,
            rules=past.rules if made.feature_set else past.rules.without_features(),
            now=now,
        )
        base = self._base(logged, made, past.policy, facts, found)
        resolution = resolve(
            base.outcome,
            by="policy" if made.score is None else "model",
            findings=found.findings,
            outcomes=self.kind.outcomes,
        )
        resolution, exploration = self._guarded(logged, resolution, past.ruleset)
        judgement = Judgement(
            findings=[finding.as_data() for finding in found.findings],
            errors=[each.as_data() for each in found.errors] + [each.as_data() for each in base.errors],
            policy=base.policy,
            thresholds=base.thresholds,
            decided_by=resolution.decided_by,
            initial=resolution.initial,
            exploration=exploration,
        )
        return replace(made, outcome=resolution.outcome, judgement=judgement)

    def _base(
        self,
        logged: LoggedDecision,
        made: Recomputed,
        policy: LivePolicy | None,
        facts: Facts,
        found: Found,
    ) -> Base:
        if made.score is None or made.of_model is None:
            return without_score(self.kind, failed=logged.basis == "fallback")
        if policy is None:
            base = by_model(self.kind, made.score, made.of_model)
        else:
            base = by_policy(policy, facts, found, kind=self.kind, score=made.score, of_model=made.of_model)
        return with_heads(base, made.heads, kind=self.kind)

    def _guarded(
        self, logged: LoggedDecision, resolution: Resolution, ruleset: Ruleset
    ) -> tuple[Resolution, Mapping[str, Any]]:
        """The resolution after breaker and exploration, with what exploration did."""
        data = logged.entry.data
        if resolution.stoppable and data.get("breaker", {}).get("state") == OPEN:
            resolution = held_by_breaker(resolution)
        exploration = ruleset.explorations.get(self.kind.name)
        if not (exploration and exploration.is_on and resolution.stoppable and _may_explore(logged)):
            return resolution, {}
        stopped = data.get("exploration", {}).get("stopped_by", "")
        result = drawing.explored(exploration, logged.entry.stream, stopped=stopped)
        return (explored(resolution) if result.is_let_through else resolution), result.as_data()


def _may_explore(logged: LoggedDecision) -> bool:
    """As in the engine: the first decision of a version of an event, unless the model had failed."""
    is_first = not logged.entry.data["revision"] or "event_version" in logged.entry.data
    return is_first and logged.basis != "fallback" and not logged.rescored


class RowFeatures(NamedTuple):
    """Features by name; `are_known`: whether the row has all of them."""

    values: dict[str, float | None]
    are_known: bool = True


def _features(made: Recomputed, names: tuple[str, ...]) -> RowFeatures:
    """The features of these names in the lane's row; none of an event that no lane had read."""
    own = made.feature_set
    if own is None or not names:
        return RowFeatures({})
    sets = lane_plan(find_event_type(own.event_type).lane).feature_sets(own.event_type)
    known = features_in(
        made.known.astype(np.float64), names, own=own, sets=sets, vector=np.ones(len(own.names))
    )
    found = features_in(made.row, names, own=own, sets=sets, vector=made.vector, heads=made.heads)
    return RowFeatures(found, all(known.values()))
