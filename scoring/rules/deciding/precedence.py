"""Precedence: which of lists, rules, policy, breaker and exploration gives the outcome. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Kind = Literal["list", "rule"]
DecidedBy = Literal["list", "rule", "model", "policy"]

ALLOW, REVIEW, BLOCK = "allow", "review", "block"
# The outcome that a hit on a list of each action asks for; tags ask for none.
OUTCOME_OF_ACTION = {"allow": ALLOW, "watch": REVIEW, "block": BLOCK, "tag": ""}


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit on a list, or a rule that matched.

    `number`: the rule's version, or the version of the ruleset that listed the value. `outcome`: the outcome
    that it asks for, "" for a tag. `field`: the event's field whose value is listed. `overrides_lists`:
    whether a rule decides over lists. Findings of the stage "shadow" are recorded and decide nothing.
    """

    kind: Kind
    name: str
    number: int
    outcome: str
    code: str
    text: str
    stage: Literal["active", "shadow"] = "active"
    field: str = ""
    overrides_lists: bool = False

    def as_data(self) -> dict[str, Any]:
        """The finding as a decision records it; without what is false or empty."""
        told = {
            "kind": self.kind,
            "name": self.name,
            "number": self.number,
            "stage": self.stage,
            "outcome": self.outcome,
            "code": self.code,
            "text": self.text,
        }
        extra = {"field": self.field, "overrides_lists": self.overrides_lists}
        return {**told, **{key: value for key, value in extra.items() if value}}


@dataclass(frozen=True, slots=True)
class Resolution:
    """The outcome of an event and what decided it.

    `initial`: the outcome before the breaker or exploration changed it, "" if neither did. `stoppable`: a
    block that the breaker counts and may hold, and that exploration may let through: any but a block list's.
    """

    outcome: str
    decided_by: DecidedBy
    initial: str = ""
    stoppable: bool = False


def resolve(
    base: str, *, by: Literal["model", "policy"], findings: Iterable[Finding], outcomes: Sequence[str]
) -> Resolution:
    """The outcome before breaker and exploration.

    `base`: the policy's outcome of the score (`by` is "model"), or the outcome without a score (`by` is
    "policy"). `outcomes`: those of the event type, ordered by severity.
    """
    active = [each for each in findings if each.stage == "active" and each.outcome]
    if not active:
        return _stoppable(Resolution(base, by))
    rules = [each for each in active if each.kind == "rule"]
    lists = {each.outcome for each in active if each.kind == "list"}
    severity = {outcome: place for place, outcome in enumerate(outcomes)}
    if over_lists := [each.outcome for each in rules if each.overrides_lists]:
        return _stoppable(Resolution(max(over_lists, key=severity.__getitem__), "rule"))
    if BLOCK in lists:
        return Resolution(BLOCK, "list")
    if ALLOW in lists:
        return Resolution(ALLOW, "list")
    resolution = Resolution(base, by)
    if any(each.outcome == ALLOW for each in rules):
        resolution = Resolution(ALLOW, "rule")
    asked: list[tuple[str, DecidedBy]] = [(each.outcome, "rule") for each in rules]
    asked += [(outcome, "list") for outcome in lists]
    for outcome, decided_by in asked:
        if severity[outcome] > severity[resolution.outcome]:
            resolution = Resolution(outcome, decided_by)
    return _stoppable(resolution)


def held_by_breaker(resolution: Resolution) -> Resolution:
    """What an open breaker makes of a block that it may hold: a review."""
    return replace(resolution, outcome=REVIEW, initial=resolution.outcome, stoppable=False)


def explored(resolution: Resolution) -> Resolution:
    """What exploration makes of a would-be block that was drawn: it is let through."""
    return replace(resolution, outcome=ALLOW, initial=resolution.outcome, stoppable=False)


def _stoppable(resolution: Resolution) -> Resolution:
    return replace(resolution, stoppable=True) if resolution.outcome == BLOCK else resolution
