"""Policies of an event type side by side: what each makes of the same judged events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.admin_kit.formatting import NO_BREAK_SPACE, money_text
from scoring.catalog.event_type import EventType
from scoring.learning.policies.effect import Effect, measure_effect, outcomes_under
from scoring.learning.policies.judged import JudgedEvents
from scoring.learning.policies.sampled_segments import places_of
from scoring.rules.policies.costs import Costs
from scoring.rules.policies.policy import Policy

MIN_MOVE = 0.05  # events a day; less is no move that could be told from none


@dataclass(frozen=True)
class Compared:
    """A policy and its effect. `move`: how it differs from the policy in use, "" for that one."""

    name: str
    policy: Policy
    effect: Effect
    move: str = ""


@dataclass(frozen=True)
class SegmentEffect:
    """The effect of a policy on the events of one of its segments, or on all others ("")."""

    name: str
    expression: str
    effect: Effect


@dataclass(frozen=True)
class Comparison:
    """What policies are compared on. `of_model`: the champion's thresholds. `costs`: by which costs a day
    are measured, None without any.
    """

    kind: type[EventType]
    events: JudgedEvents
    of_model: Mapping[str, float]
    costs: Costs | None
    _segments: dict[tuple[tuple[str, str], ...], NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def effect_of(self, policy: Policy) -> Effect:
        return measure_effect(self.events, self._given(policy), outcomes=self.kind.outcomes, costs=self.costs)

    def compare(self, in_use: Policy, others: Sequence[tuple[str, Policy]]) -> list[Compared]:
        """The policy in use first, then the others by name."""
        now = self.effect_of(in_use)
        found = [Compared("Now", in_use, now)]
        for name, policy in others:
            effect = self.effect_of(policy)
            found.append(Compared(name, policy, effect, move_in_words(now, effect, self.kind)))
        return found

    def by_segment(self, policy: Policy) -> list[SegmentEffect]:
        """The effect of a policy on each of its segments, and on all other events."""
        given, inside = self._given(policy), self.segments(policy)
        named = [(segment.name, segment.expression) for segment in policy.segments] + [("", "")]
        places = [*range(len(policy.segments)), -1]
        return [
            SegmentEffect(
                name,
                expression,
                measure_effect(
                    self.events,
                    given,
                    outcomes=self.kind.outcomes,
                    costs=self.costs,
                    rows=inside == place,
                ),
            )
            for (name, expression), place in zip(named, places, strict=True)
        ]

    def rows_in(self, policy: Policy, segment: str) -> NDArray[np.bool_]:
        """bool[n]: the events in a segment of the policy, "" for those in none."""
        names = [each.name for each in policy.segments]
        place = names.index(segment) if segment in names else -1
        rows: NDArray[np.bool_] = self.segments(policy) == place
        return rows

    def segments(self, policy: Policy) -> NDArray[np.int64]:
        """The segment of each event, as `segments_of`; found once for policies of the same conditions."""
        conditions = tuple((segment.name, segment.expression) for segment in policy.segments)
        if conditions not in self._segments:
            self._segments[conditions] = places_of(policy, self.events)
        return self._segments[conditions]

    def _given(self, policy: Policy) -> NDArray[np.int64]:
        return outcomes_under(
            policy,
            self.events,
            of_model=self.of_model,
            outcomes=self.kind.outcomes,
            segments=self.segments(policy),
        )


def move_in_words(before: Effect, after: Effect, kind: type[EventType]) -> str:
    """How one effect differs from another, in words: the events and the money that move a day."""
    parts = [
        _events_moved(after.block.good - before.block.good, "good customer", "blocked"),
        _money_moved(after.caught - before.caught, kind.base_currency),
        _events_moved(after.reviews - before.reviews, "case", "to review"),
    ]
    for outcome in kind.outcomes[1:-1]:
        if outcome != "review":
            change = after.by_outcome[outcome].events - before.by_outcome[outcome].events
            parts.append(_events_moved(change, "event", f"with the outcome {kind.outcome_title(outcome)}"))
    told = [part for part in parts if part]
    return f"{', '.join(told)} a day" if told else "no difference on these events"


def _events_moved(change: float, noun: str, what: str) -> str:
    if abs(change) < MIN_MOVE:
        return ""
    amount = f"{abs(change):,.1f}" if abs(change) < 10 else f"{abs(change):,.0f}"
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{amount} {noun}{'' if amount == '1.0' else 's'} {what}"


def _money_moved(change: float, currency: str) -> str:
    if abs(change) < 1:
        return ""
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{money_text(abs(change), currency).replace(' ', NO_BREAK_SPACE)} fraud caught"
