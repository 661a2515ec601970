"""Which thresholds of content policies hold today, and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.catalog.event_type import EventType
from scoring.catalog.policies import titles_of
from scoring.learning.policies.state import PolicyState
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.thresholds import head_thresholds
from scoring.rules.policies.words import MODE_WORDS


@dataclass(frozen=True)
class HeadThresholdsNow:
    """A content policy and the thresholds of its score, {} without a head. `source`: whose they are.

    Those of a policy by cost are those of an event with the type's nominal stake.
    """

    name: str
    title: str
    thresholds: Mapping[str, float]
    source: str


def heads_now(state: PolicyState, deciding: Policy) -> list[HeadThresholdsNow]:
    """All content policies of a type, in order of the catalog."""
    return [
        _now(name, title, state.kind, deciding, state.of_heads)
        for name, title in titles_of(state.kind.policies).items()
    ]


def _now(
    name: str,
    title: str,
    kind: type[EventType],
    deciding: Policy,
    of_heads: Mapping[str, Mapping[str, float]],
) -> HeadThresholdsNow:
    if name not in of_heads:
        return HeadThresholdsNow(name, title, {}, "the model has no head for it")
    given = head_thresholds(deciding, name, stake=kind.nominal_stake, of_model=of_heads[name])
    if not given.policy:
        return HeadThresholdsNow(name, title, given.thresholds, "the model's own thresholds")
    mode = MODE_WORDS[given.policy["mode"]]
    return HeadThresholdsNow(name, title, given.thresholds, f"version {deciding.number}: {mode}")
