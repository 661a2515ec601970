"""The section `rules`: by event type and name, what each stage holds."""

from collections.abc import Sequence
from typing import Any, cast

from scoring.configuration.sections.planned import PlannedItem
from scoring.configuration.sections.section import (
    FLAG,
    NUMBER,
    TEXT,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.configuration.sections.staged import apply_stages, exported, remove_stages
from scoring.rules.rules.compiling import Nameable, check_expression
from scoring.rules.rules.drafting import RuleDraft, check_draft, draft_rule
from scoring.rules.rules.errors import InvalidRule
from scoring.rules.rules.models import Rule, StoredRuleVersion
from scoring.rules.rules.projections import rule_key
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.rules.staging import approve_activation, request_activation, stage_rule
from scoring.rules.rules.stored import version_from
from scoring.rules.ruleset.life_cycle import StoredVersion
from scoring.rules.ruleset.stream import Change

KINDS = {
    **dict.fromkeys(("expression", "outcome", "sentence", "code", "description"), TEXT),
    "share": NUMBER,
    "unit": TEXT,
    "overrides_lists": FLAG,
}
REQUIRED = ("expression", "outcome", "sentence")


class RuleItem:
    """The versions of one rule."""

    kind, heads, stored = "rule", Rule, StoredRuleVersion

    def __init__(self, event_type: str, name: str) -> None:
        self.event_type, self.name = event_type, name
        self.names = {"event_type": event_type, "name": name}

    def in_use(self) -> Rule | None:
        return Rule.objects.filter(pk=rule_key(self.event_type, self.name)).first()

    def versions(self) -> Sequence[StoredVersion]:
        return list(StoredRuleVersion.objects.filter(**self.names).order_by("-number"))

    def content(self, version: StoredVersion) -> dict[str, Any]:
        return _content(version_from(cast(StoredRuleVersion, version)))

    def normalized(self, data: Data, stage: str) -> dict[str, Any]:
        return _content(self._draft(data, stage).numbered(1))

    def draft(self, data: Data, stage: str, *, based_on: int, applying: Applying) -> int:
        try:
            drafted = draft_rule(
                self._draft(data, stage), based_on=based_on, actor=applying.actor, now=applying.now
            )
        except InvalidRule as error:
            raise invalid_at((stage,), error.problems) from error
        return drafted.number

    def stage(self, number: int, stage: str, applying: Applying) -> None:
        stage_rule(
            **self.names,
            number=number,
            stage=stage,
            actor=applying.actor,
            now=applying.now,
            reason=applying.reason,
        )

    def request(self, number: int, applying: Applying) -> None:
        actor, now, reason = applying.actor, applying.now, applying.reason
        request_activation(**self.names, number=number, actor=actor, now=now, reason=reason)

    def approve(self, number: int, applying: Applying) -> None:
        actor, now, reason = applying.approver, applying.now, applying.reason
        approve_activation(**self.names, number=number, actor=actor, now=now, reason=reason)

    def drafted(self, data: Data, stage: str, *, number: int, nameable: Nameable) -> Change:
        draft = self._draft(data, stage)
        try:
            check_draft(draft, nameable)
        except InvalidRule as error:
            raise invalid_at((stage,), error.problems) from error
        return Change("rule.drafted", draft.numbered(number).as_data())

    def check_live(self, version: StoredVersion, nameable: Nameable) -> None:
        check_expression(cast(StoredRuleVersion, version).expression, self.event_type, nameable)

    def _draft(self, data: Data, stage: str) -> RuleDraft:
        members = check_members(data, KINDS, required=REQUIRED, at=(stage,))
        given = {name: value for name, value in members.items() if value is not None}
        return RuleDraft(event_type=self.event_type, name=self.name, **given)


def _content(version: RuleVersion) -> dict[str, Any]:
    defaults = {
        "code": version.name.upper(),
        "description": "",
        "share": 1.0,
        "unit": "",
        "overrides_lists": False,
    }
    return without_defaults({name: getattr(version, name) for name in KINDS}, defaults)


class RulesSection:
    name, title, depth = "rules", "Rules", 2
    approval = "scoring.activate_rule"

    def export(self, *, requests: bool = False) -> Items:
        names = Rule.objects.order_by("event_type", "name").values_list("event_type", "name")
        items = {name: exported(RuleItem(*name), requests=requests) for name in names}
        return {key: stages for key, stages in items.items() if stages}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        apply_stages(RuleItem(*key), data, applying, what=_words(key))

    def remove(self, key: Key, applying: Applying) -> None:
        remove_stages(RuleItem(*key), applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        item = PlannedItem(RuleItem(*key), planning.nameable)
        apply_stages(item, data, planning, what=_words(key))
        return exported(item, requests=True) or None

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        item = PlannedItem(RuleItem(*key), planning.nameable)
        remove_stages(item, planning)
        return exported(item, requests=True) or None


def _words(key: Key) -> str:
    return f"rule {key[1]} of {key[0]}"
