"""A rule as it was drafted: one numbered version, which never changes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from scoring.registry.routes import share_point

RuleName = tuple[str, str]  # the event type, and the rule's name within it


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version of a rule. `number` counts the versions of a name from 1.

    `outcome`, `code` and `sentence` are what a match means: the outcome, and the reason given for it. `share`
    (more than 0, at most 1) of the units applies the rule; `unit` names the field whose value is a unit.
    `overrides_lists`: a match decides over lists and model.
    """

    event_type: str
    name: str
    number: int
    expression: str
    outcome: str
    code: str
    sentence: str
    description: str = ""
    share: float = 1.0
    unit: str = ""
    overrides_lists: bool = False

    @property
    def rule(self) -> RuleName:
        return (self.event_type, self.name)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "RuleVersion":
        """The version in the data of a `rule.drafted` entry."""
        return cls(**{field.name: data[field.name] for field in fields(cls)})

    def as_data(self) -> dict[str, Any]:
        """The data of its `rule.drafted` entry."""
        return asdict(self)


def is_in_rollout(rule: RuleVersion, unit_value: str) -> bool:
    """Whether a unit applies the rule: by a salted hash, so that units stay in a growing share.

    All versions of a name share the salt. An event without the unit ("") is left out of a partial roll-out,
    because it cannot be assigned consistently.
    """
    if rule.share >= 1:
        return True
    if not unit_value:
        return False
    return share_point(f"rule/{rule.event_type}/{rule.name}", unit_value) < rule.share
