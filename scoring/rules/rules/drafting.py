"""Drafting a version of a rule: everything is checked first, and every problem is named."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scoring.catalog.errors import UnknownEventType
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.rules.compiling import Nameable, expression_problems
from scoring.rules.rules.errors import (
    FieldProblem,
    InvalidRule,
    RuleChangedMeanwhile,
    RuleUnchanged,
)
from scoring.rules.rules.models import Rule
from scoring.rules.rules.projections import rule_key
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.rules.stored import find_rule_version, version_from
from scoring.rules.ruleset.stream import Change, change_ruleset

MAX_NAME, MAX_CODE, MAX_SENTENCE, MAX_DESCRIPTION = 60, 60, 200, 2_000  # characters
NAME = re.compile(r"[a-z][a-z0-9_]*")
CODE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A version before it has a number; the fields are those of RuleVersion.

    `code` is the rule's name in capitals if it is empty.
    """

    event_type: str
    name: str
    expression: str
    outcome: str
    sentence: str
    code: str = ""
    description: str = ""
    share: float = 1.0
    unit: str = ""
    overrides_lists: bool = False

    def numbered(self, number: int) -> RuleVersion:
        """The version that this draft becomes, its texts trimmed and without the digits of card numbers."""
        return RuleVersion(
            event_type=self.event_type,
            name=self.name,
            number=number,
            expression=self.expression.strip(),
            outcome=self.outcome,
            code=self.code or self.name.upper(),
            sentence=mask_card_numbers(" ".join(self.sentence.split())),
            description=mask_card_numbers(self.description.strip()),
            share=float(self.share),
            unit=self.unit if self.share < 1 else "",
            overrides_lists=self.overrides_lists,
        )


def draft_rule(draft: RuleDraft, *, based_on: int = 0, actor: str, now: datetime) -> RuleVersion:
    """Store a draft as the next version of its rule, in the stage draft.

    `based_on`: the newest version that the author saw, 0 for a new rule. Raises InvalidRule with every
    problem, RuleUnchanged, RuleChangedMeanwhile.
    """
    check_draft(draft)

    def build() -> Sequence[Change]:
        newest = _newest(draft, based_on)
        version = draft.numbered(newest + 1)
        if newest and replace(version, number=newest) == _version(draft, newest):
            raise RuleUnchanged(name=draft.name, number=newest)
        return [Change("rule.drafted", version.as_data())]

    [entry] = change_ruleset(build, actor=actor, now=now)
    return RuleVersion.from_data(entry.data)


def check_draft(draft: RuleDraft, nameable: Nameable | None = None) -> None:
    """Raises InvalidRule with every problem of the draft itself, not only the first.

    `nameable`: what its condition may name, by default all that there is.
    """
    if problems := [*problems_of(draft, nameable)]:
        raise InvalidRule(problems)


def problems_of(draft: RuleDraft, nameable: Nameable | None = None) -> Iterator[FieldProblem]:
    try:
        kind = find_event_type(draft.event_type)
    except UnknownEventType as error:
        yield "event_type", f"{draft.event_type!r} is not an event type", list(error.known)
        return
    yield from _problems_of_words(draft)
    yield from _problems_of_effect(draft, kind)
    if kind.scored:
        yield from expression_problems(draft.expression, kind.name, nameable)


def _problems_of_words(draft: RuleDraft) -> Iterator[FieldProblem]:
    if not NAME.fullmatch(draft.name) or len(draft.name) > MAX_NAME:
        allowed = f"1 to {MAX_NAME} of a-z, 0-9 and _, a letter first"
        yield "name", f"{draft.name!r} is not a rule's name", allowed
    if draft.code and (not CODE.fullmatch(draft.code) or len(draft.code) > MAX_CODE):
        allowed = f"1 to {MAX_CODE} of A-Z, 0-9 and _, a letter first"
        yield "code", f"{draft.code!r} is not a reason code", allowed
    if not draft.sentence.strip():
        yield "sentence", "is missing", f"what reviewers read as the reason, up to {MAX_SENTENCE} characters"
    for name, text, limit in (
        ("sentence", draft.sentence, MAX_SENTENCE),
        ("description", draft.description, MAX_DESCRIPTION),
    ):
        if len(text) > limit:
            yield name, f"has {len(text):,} characters", f"at most {limit:,} characters"


def _problems_of_effect(draft: RuleDraft, kind: type[EventType]) -> Iterator[FieldProblem]:
    if not kind.scored:
        scored = "an event type whose events are decided"
        yield "event_type", f"{kind.name} events are not decided, so no rule can apply", scored
    if draft.outcome not in kind.outcomes:
        yield "outcome", f"{draft.outcome!r} is not an outcome of {kind.name}", list(kind.outcomes)
    if not 0 < draft.share <= 1:
        yield "share", f"{draft.share:g} is not a share", "more than 0, at most 1"
    units = units_of(kind)
    if 0 < draft.share < 1 and draft.unit not in units:
        what = f"{draft.unit!r} is not a unit of {kind.name}" if draft.unit else "is missing"
        yield "unit", f"{what}; a partial roll-out needs one", units


def units_of(kind: type[EventType]) -> list[str]:
    """The fields by whose value a rule can be rolled out: the entities."""
    return [name for name, field in kind.fields.items() if isinstance(field, Entity)]


def _newest(draft: RuleDraft, based_on: int) -> int:
    """The number of the rule's newest version, 0 for a new rule. Raises InvalidRule, RuleChangedMeanwhile."""
    rule = Rule.objects.filter(pk=rule_key(draft.event_type, draft.name)).first()
    if rule is not None and not based_on:
        problem = f"{draft.event_type} already has a rule {draft.name!r}"
        raise InvalidRule([("name", problem, "another name, or a new version of that rule")])
    newest = rule.newest if rule else 0
    if newest != based_on:
        raise RuleChangedMeanwhile(name=draft.name, based_on=based_on, newest=newest)
    return newest


def _version(draft: RuleDraft, number: int) -> RuleVersion:
    return version_from(find_rule_version(draft.event_type, draft.name, number))
