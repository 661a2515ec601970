"""Drafts versions of a policy. A draft changes nothing until it is activated."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scoring.catalog.registry import scored_type
from scoring.rules.policies.checking import checked_policy
from scoring.rules.policies.errors import InvalidPolicy, PolicyChangedMeanwhile, PolicyUnchanged
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.segments import condition_problems
from scoring.rules.policies.stored import find_policy, newest_number
from scoring.rules.rules.compiling import Nameable
from scoring.rules.ruleset.stream import Change, change_ruleset


def draft_policy(
    *, event_type: str, data: Mapping[str, Any], based_on: int, actor: str, now: datetime
) -> Policy:
    """Store a new version of the policy of an event type.

    `data` is that of `policy.drafted` without `event_type` and `number`: mode, thresholds, costs, capacity,
    segments, description. `based_on`: the version that the author started from, 0 without one. Raises
    UnknownEventType, EventTypeNotScored, InvalidPolicy, PolicyUnchanged; PolicyChangedMeanwhile if there is a
    newer version than `based_on`.
    """
    policy = check_draft(event_type=event_type, data=data, number=based_on + 1)

    def build() -> Sequence[Change]:
        newest = newest_number(event_type)
        if newest != based_on:
            raise PolicyChangedMeanwhile(event_type=event_type, based_on=based_on, newest=newest)
        if based_on and _means(find_policy(event_type, based_on).terms) == _means(policy.as_data()):
            raise PolicyUnchanged(event_type=event_type, number=based_on)
        return [Change("policy.drafted", policy.as_data())]

    change_ruleset(build, actor=actor, now=now)
    return policy


def check_draft(
    *, event_type: str, data: Mapping[str, Any], number: int, nameable: Nameable | None = None
) -> Policy:
    """The version that a draft becomes. `nameable`: what conditions may name, by default all there is.

    Raises UnknownEventType, EventTypeNotScored, InvalidPolicy.
    """
    kind = scored_type(event_type)
    named = {"segments": [], "description": "", **data, "event_type": event_type}
    policy = checked_policy({**named, "number": number}, kind=kind)
    if problems := list(condition_problems(policy, nameable)):
        raise InvalidPolicy(problems)
    return policy


def _means(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a version says, without its number."""
    return {name: value for name, value in data.items() if name != "number"}
