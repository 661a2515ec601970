"""The section `policies`: by event type, what each stage holds."""

from collections.abc import Sequence
from typing import Any, cast

from scoring.catalog.registry import scored_type
from scoring.configuration.sections.planned import PlannedItem
from scoring.configuration.sections.section import (
    LIST,
    MAPPING,
    TEXT,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    invalid_at,
)
from scoring.configuration.sections.staged import apply_stages, exported, remove_stages
from scoring.rules.policies.checking import checked_policy
from scoring.rules.policies.drafting import check_draft, draft_policy
from scoring.rules.policies.errors import InvalidPolicy
from scoring.rules.policies.models import PolicyInUse, StoredPolicy
from scoring.rules.policies.staging import approve_activation, request_activation, stage_policy
from scoring.rules.rules.compiling import Nameable
from scoring.rules.ruleset.life_cycle import StoredVersion
from scoring.rules.ruleset.stream import Change

KINDS = {
    **dict.fromkeys(("mode", "description"), TEXT),
    **dict.fromkeys(("thresholds", "costs", "capacity", "policies"), MAPPING),
    "segments": LIST,
}


class PolicyItem:
    """The versions of an event type's policy."""

    kind, heads, stored = "policy", PolicyInUse, StoredPolicy

    def __init__(self, event_type: str) -> None:
        self.event_type = event_type
        self.names = {"event_type": event_type}

    def in_use(self) -> PolicyInUse | None:
        return PolicyInUse.objects.filter(pk=self.event_type).first()

    def versions(self) -> Sequence[StoredVersion]:
        return list(StoredPolicy.objects.filter(event_type=self.event_type).order_by("-number"))

    def content(self, version: StoredVersion) -> dict[str, Any]:
        return _content(cast(StoredPolicy, version).terms)

    def normalized(self, data: Data, stage: str) -> dict[str, Any]:
        members = self._members(data, stage)
        named = {"segments": [], "description": "", **members, "event_type": self.event_type, "number": 1}
        try:
            return _content(checked_policy(named, kind=scored_type(self.event_type)).as_data())
        except InvalidPolicy as error:
            raise invalid_at((stage,), error.problems) from error

    def draft(self, data: Data, stage: str, *, based_on: int, applying: Applying) -> int:
        try:
            policy = draft_policy(
                event_type=self.event_type,
                data=self._members(data, stage),
                based_on=based_on,
                actor=applying.actor,
                now=applying.now,
            )
        except InvalidPolicy as error:
            raise invalid_at((stage,), error.problems) from error
        return policy.number

    def stage(self, number: int, stage: str, applying: Applying) -> None:
        stage_policy(
            event_type=self.event_type,
            number=number,
            stage=stage,
            actor=applying.actor,
            now=applying.now,
            reason=applying.reason,
        )

    def request(self, number: int, applying: Applying) -> None:
        actor, now, reason = applying.actor, applying.now, applying.reason
        request_activation(event_type=self.event_type, number=number, actor=actor, now=now, reason=reason)

    def approve(self, number: int, applying: Applying) -> None:
        actor, now, reason = applying.approver, applying.now, applying.reason
        approve_activation(event_type=self.event_type, number=number, actor=actor, now=now, reason=reason)

    def drafted(self, data: Data, stage: str, *, number: int, nameable: Nameable) -> Change:
        members = self._members(data, stage)
        try:
            policy = check_draft(event_type=self.event_type, data=members, number=number, nameable=nameable)
        except InvalidPolicy as error:
            raise invalid_at((stage,), error.problems) from error
        return Change("policy.drafted", policy.as_data())

    def check_live(self, version: StoredVersion, nameable: Nameable) -> None:
        """Conditions that name what is gone leave their segments empty; they stop no policy."""

    def _members(self, data: Data, stage: str) -> dict[str, Any]:
        members = check_members(data, KINDS, required=("mode",), at=(stage,))
        return {name: value for name, value in members.items() if value is not None}


def _content(data: Data) -> dict[str, Any]:
    """What a `policy.drafted` says, without its names, number and empty parts."""
    return {name: data[name] for name in KINDS if data.get(name)}


class PoliciesSection:
    name, title, depth = "policies", "Policies", 1
    approval = "scoring.activate_policy"

    def export(self, *, requests: bool = False) -> Items:
        types = PolicyInUse.objects.order_by("event_type").values_list("event_type", flat=True)
        items = {(event_type,): exported(PolicyItem(event_type), requests=requests) for event_type in types}
        return {key: stages for key, stages in items.items() if stages}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        apply_stages(PolicyItem(*key), data, applying, what=f"policy of {key[0]}")

    def remove(self, key: Key, applying: Applying) -> None:
        remove_stages(PolicyItem(*key), applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        item = PlannedItem(PolicyItem(*key), planning.nameable)
        apply_stages(item, data, planning, what=f"policy of {key[0]}")
        return exported(item, requests=True) or None

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        item = PlannedItem(PolicyItem(*key), planning.nameable)
        remove_stages(item, planning)
        return exported(item, requests=True) or None
