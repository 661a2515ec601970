"""The actions on a rule's page, each with its permission."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied

from scoring.rules.rules import staging, suppressing
from scoring.rules.rules.errors import InvalidSuppression, UnknownRuleVersion
from scoring.rules.rules.models import Rule
from scoring.rules.rules.stored import find_rule_version
from scoring.rules.ruleset.life_cycle import ACTIVE, ARCHIVED, DRAFT, SHADOW

DRAFTS, ACTIVATES, SUPPRESSES = "scoring.draft_rule", "scoring.activate_rule", "scoring.suppress_rule"

MAX_NUMBER = 10**6  # far beyond the versions of any rule

Given = Mapping[str, str]  # what the form sent


@dataclass(frozen=True)
class RuleAction:
    """`act(rule, given, actor, now)` does it and returns a sentence that says what was done."""

    permission: str
    act: Callable[[Rule, Given, str, datetime], str]


def _shadow(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = _stage_unused(rule, given, SHADOW, actor, now)
    return f"Version {number} runs in shadow: its matches are recorded and change nothing."


def _draft(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = _stage_unused(rule, given, DRAFT, actor, now)
    return f"Version {number} is a draft and is not evaluated."


def _archive_version(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = _stage_unused(rule, given, ARCHIVED, actor, now)
    return f"Version {number} is archived."


def _request(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = number_in(rule, given)
    staging.request_activation(**_named(rule), number=number, actor=actor, now=now, reason=_reason(given))
    return f"You requested the activation of version {number}. Someone else must approve it."


def _withdraw(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    if rule.requested_by != actor:
        raise PermissionDenied("only the person who requested an activation can withdraw the request")
    number = number_in(rule, given)
    staging.reject_activation(**_named(rule), number=number, actor=actor, now=now, reason=_reason(given))
    return f"You withdrew the request for version {number}."


def _approve(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = number_in(rule, given)
    staging.approve_activation(**_named(rule), number=number, actor=actor, now=now, reason=_reason(given))
    return f"Version {number} of {rule.name} is active, from the next batch of events on."


def _reject(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = number_in(rule, given)
    staging.reject_activation(**_named(rule), number=number, actor=actor, now=now, reason=_reason(given))
    return f"The activation of version {number} was rejected. The version keeps its stage."


def _take_out(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = _stage(rule, given, SHADOW, actor, now)
    return f"Version {number} decides nothing any more; it runs in shadow."


def _retire(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = _stage(rule, given, ARCHIVED, actor, now)
    return f"Version {number} is archived and decides nothing any more."


def _roll_back(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    number = _stage(rule, given, ACTIVE, actor, now)
    return f"Version {number} of {rule.name} is active again, from the next batch of events on."


def _archive(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    staging.archive_rule(**_named(rule), actor=actor, now=now, reason=_reason(given))
    return f"Every version of {rule.name} is archived. The rule is not evaluated any more."


def _suppress(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    until = read_date(given.get("until", ""))
    suppressing.suppress_rule(
        **_named(rule),
        field=given.get("field", ""),
        value=given.get("value", ""),
        event=whole_number_in(given.get("event", "")),
        until=until,
        reason=_reason(given),
        actor=actor,
        now=now,
    )
    return f"{rule.name} does not apply to this {given['field']} until the end of {until:%Y-%m-%d} (UTC)."


def _lift(rule: Rule, given: Given, actor: str, now: datetime) -> str:
    suppressing.lift_suppression(
        **_named(rule),
        field=given.get("field", ""),
        key=given.get("key", ""),
        actor=actor,
        now=now,
        reason=_reason(given),
    )
    return f"{rule.name} applies to this {given['field']} again."


ACTIONS = {
    "shadow": RuleAction(DRAFTS, _shadow),
    "draft": RuleAction(DRAFTS, _draft),
    "archive_version": RuleAction(DRAFTS, _archive_version),
    "request": RuleAction(DRAFTS, _request),
    "withdraw": RuleAction(DRAFTS, _withdraw),
    "approve": RuleAction(ACTIVATES, _approve),
    "reject": RuleAction(ACTIVATES, _reject),
    "take_out": RuleAction(ACTIVATES, _take_out),
    "retire": RuleAction(ACTIVATES, _retire),
    "roll_back": RuleAction(ACTIVATES, _roll_back),
    "archive": RuleAction(ACTIVATES, _archive),
    "suppress": RuleAction(SUPPRESSES, _suppress),
    "lift": RuleAction(SUPPRESSES, _lift),
}


def read_date(text: str) -> datetime:
    """The end of a day as typed, in UTC. Raises InvalidSuppression."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidSuppression([("until", f"{text!r} is not a date", "such as 2027-01-31")]) from None
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def whole_number_in(text: str) -> int | None:
    """The whole number in a text that was typed or linked, None if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def based_on_in(given: Given) -> int:
    """The number of the version that the author of a change saw. Raises BadRequest if it is no number."""
    number = whole_number_in(given.get("based_on", ""))
    if number is None:
        raise BadRequest("based_on is not the number of a version")
    return number


def number_in(rule: Rule, given: Given) -> int:
    """The number of the version that a form names. Raises UnknownRuleVersion if it is no number."""
    number = whole_number_in(given.get("number", ""))
    if number is None or number > MAX_NUMBER:
        raise UnknownRuleVersion(event_type=rule.event_type, name=rule.name, number=0, newest=rule.newest)
    return number


def _stage_unused(rule: Rule, given: Given, stage: str, actor: str, now: datetime) -> int:
    """Stage a version that is not active: taking an active one out of use needs another permission."""
    version = find_rule_version(rule.event_type, rule.name, number_in(rule, given))
    if version.stage == ACTIVE:
        raise PermissionDenied(ACTIVATES)
    return _stage(rule, given, stage, actor, now)


def _stage(rule: Rule, given: Given, stage: str, actor: str, now: datetime) -> int:
    number = number_in(rule, given)
    staging.stage_rule(
        **_named(rule), number=number, stage=stage, actor=actor, now=now, reason=_reason(given)
    )
    return number


def _named(rule: Rule) -> dict[str, Any]:
    return {"event_type": rule.event_type, "name": rule.name}


def _reason(given: Given) -> str:
    return given.get("reason", "")
