"""Suppressing a rule for one entity until a date, and lifting that again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Canonical, Entity
from scoring.catalog.registry import event_type as find_event_type
from scoring.log.entries import Entry
from scoring.rules.lists.keys import key_of, value_key
from scoring.rules.rules.drafting import units_of
from scoring.rules.rules.errors import FieldProblem, InvalidSuppression, NotSuppressed
from scoring.rules.rules.models import RuleSuppression
from scoring.rules.rules.stored import find_rule
from scoring.rules.ruleset.life_cycle import MAX_REASON_LENGTH, clean_reason
from scoring.rules.ruleset.stream import Change, change_ruleset
from scoring.timestamps import to_iso

MAX_LENGTH = timedelta(days=366)
MAX_SHOWN = 200  # characters of a value


def suppress_rule(
    *,
    event_type: str,
    name: str,
    field: str,
    value: str,
    until: datetime,
    reason: str,
    actor: str,
    now: datetime,
) -> Entry:
    """Keep a rule, in all its versions, from applying to one entity until a date.

    `value` is as senders send it; a personal one is stored as its digest alone. If the rule is suppressed for
    the entity already, the new date and reason replace the earlier ones. Raises UnknownRule,
    InvalidSuppression with every problem.
    """
    find_rule(event_type, name)
    kind = find_event_type(event_type)
    problems = [*_problems_of_period(until, now), *_problems_of_reason(reason)]
    canonical = _canonical(kind, field, value, problems)
    if problems:
        raise InvalidSuppression(problems)
    personal = kind.fields[field].personal
    data = {
        "event_type": event_type,
        "name": name,
        "field": field,
        "key": value_key(field, canonical, personal=personal).hex(),
        "value": "" if personal else canonical[:MAX_SHOWN],
        "until": to_iso(until),
        "reason": clean_reason(reason),
    }
    return change_ruleset(lambda: [Change("rule.suppressed", data)], actor=actor, now=now)[0]


def lift_suppression(
    *, event_type: str, name: str, field: str, key: str, actor: str, now: datetime, reason: str = ""
) -> Entry:
    """Let a rule apply to an entity again. Raises UnknownRule, NotSuppressed."""

    def build() -> Sequence[Change]:
        rule = find_rule(event_type, name)
        if not standing_suppressions(rule.key, now=now).filter(field=field, value_key=key).exists():
            raise NotSuppressed(name=name, field=field)
        data = {"event_type": event_type, "name": name, "field": field, "key": key}
        return [Change("rule.suppression_lifted", {**data, "reason": clean_reason(reason)})]

    return change_ruleset(build, actor=actor, now=now)[0]


def standing_suppressions(rule: str, *, now: datetime) -> Any:
    """The suppressions of a rule, by its key, that hold at `now`."""
    return RuleSuppression.objects.filter(rule=rule, until__gt=now, lifted_at=None)


def entity_keys(
    kind: type[EventType], fields: Mapping[str, Canonical], names: Collection[str]
) -> dict[str, str]:
    """The keys, by which suppressions name entities, of those of an event's fields that are in `names`.

    `fields` are canonical, as in the log: a personal value is its digest, which is its key.
    """
    return {
        name: str(fields[name]) if kind.fields[name].personal else key_of(str(fields[name])).hex()
        for name in names
        if name in fields
    }


def _problems_of_period(until: datetime, now: datetime) -> list[FieldProblem]:
    if now < until <= now + MAX_LENGTH:
        return []
    problem = f"{to_iso(until)} is past" if until <= now else "is too far away"
    return [("until", problem, f"a date within the next {MAX_LENGTH.days} days")]


def _problems_of_reason(reason: str) -> list[FieldProblem]:
    if not reason.strip():
        return [("reason", "is missing", f"up to {MAX_REASON_LENGTH} characters")]
    return []


def _canonical(kind: type[EventType], field: str, value: str, problems: list[FieldProblem]) -> str:
    """The value as events have it; adds to `problems` what is wrong with it."""
    entity = kind.fields.get(field)
    if not isinstance(entity, Entity):
        problems.append(("field", f"{field!r} is not an entity of {kind.name}", units_of(kind)))
        return ""
    try:
        return entity.parse(value)
    except FieldError as error:
        problems.append(("value", error.problem, error.allowed))
        return ""
