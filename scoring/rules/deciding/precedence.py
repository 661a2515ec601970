"""Precedence: which of lists, banks, rules, policy, breaker and exploration gives the outcome. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

Kind = Literal["list", "bank", "rule"]
DecidedBy = Literal["list", "bank", "rule", "model", "policy"]

ALLOW, REVIEW, BLOCK = "allow", "review", "block"
# The outcome that a hit on a list of each action asks for; tags ask for none.
OUTCOME_OF_ACTION = {"allow": ALLOW, "watch": REVIEW, "block": BLOCK, "tag": ""}


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit on a list, a file that matches a hash bank, or a rule that matched.

    `number`: the rule's version, or the version of the ruleset that listed the value or hash. `outcome`: the
    outcome that it asks for, "" for a tag. `field`: the event's field whose value is listed.
    `overrides_lists`: whether a rule decides over lists and banks. Findings of the stage "shadow" are
    recorded and decide nothing. Of a bank: the id of the nearest `item`, its `distance` in bits from the file
    with the id `media`, the `policy` that a match breaks, and how the file matches: `match` is "frame" if a
    frame of a video matches a picture, "video" if the video matches a known one, by `query_share` of its own
    frames and `known_share` of the known one's.
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
    distance: int = 0
    item: int = 0
    media: str = ""
    policy: str = ""
    match: str = ""
    query_share: float = 0.0
    known_share: float = 0.0

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
        extra = {"field": self.field, "overrides_lists": self.overrides_lists, "policy": self.policy}
        return {**told, **self._match(), **{key: value for key, value in extra.items() if value}}

    def _match(self) -> dict[str, Any]:
        if self.kind != "bank":
            return {}
        told: dict[str, Any] = {"distance": self.distance, "item": self.item, "media": self.media}
        if self.match:
            told["match"] = self.match
        if self.match == "video":
            told |= {"query_share": self.query_share, "known_share": self.known_share}
        return told


@dataclass(frozen=True, slots=True)
class Resolution:
    """The outcome of an event and what decided it.

    `initial`: the outcome before the breaker or exploration changed it, "" if neither did. `stoppable`: a
    block that the breaker counts and may hold, and that exploration may let through: any but that of a list
    or bank.
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
        return _by_score(base, by)
    rules = [each for each in active if each.kind == "rule"]
    # In the order of what is named if both ask for the same: lists, then banks.
    listed: dict[str, DecidedBy] = {each.outcome: "bank" for each in active if each.kind == "bank"}
    listed |= {each.outcome: "list" for each in active if each.kind == "list"}
    severity = {outcome: place for place, outcome in enumerate(outcomes)}
    if over_lists := [each.outcome for each in rules if each.overrides_lists]:
        return _stoppable(Resolution(max(over_lists, key=severity.__getitem__), "rule"))
    for outcome in (BLOCK, ALLOW):
        if outcome in listed:
            return Resolution(outcome, listed[outcome])
    resolution = Resolution(base, by)
    if any(each.outcome == ALLOW for each in rules):
        resolution = Resolution(ALLOW, "rule")
    asked: list[tuple[str, DecidedBy]] = [(each.outcome, "rule") for each in rules]
    asked += listed.items()
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


@cache
def _by_score(base: str, by: Literal["model", "policy"]) -> Resolution:
    """What decides most events."""
    return _stoppable(Resolution(base, by))


def _stoppable(resolution: Resolution) -> Resolution:
    return replace(resolution, stoppable=True) if resolution.outcome == BLOCK else resolution
