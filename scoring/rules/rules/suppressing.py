"""Suppressing a rule for one entity until a date, and lifting that again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Canonical, Entity
from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH, clean_reason
from scoring.catalog.registry import event_type as find_event_type
from scoring.intake.answers import current_version
from scoring.intake.models import Event
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.rules.lists.keys import key_of, value_key
from scoring.rules.rules.drafting import units_of
from scoring.rules.rules.errors import FieldProblem, InvalidSuppression, NotSuppressed
from scoring.rules.rules.models import RuleSuppression
from scoring.rules.rules.stored import find_rule
from scoring.rules.ruleset.stream import Change, change_ruleset
from scoring.timestamps import to_iso

MAX_LENGTH = timedelta(days=366)
MAX_SHOWN = 200  # characters of a value


class SuppressedEntity(NamedTuple):
    """An entity as a suppression names it: its key, and the text shown, "" for a personal value."""

    key: str
    shown: str


def suppress_rule(
    *,
    event_type: str,
    name: str,
    field: str,
    until: datetime,
    reason: str,
    actor: str,
    now: datetime,
    value: str = "",
    event: int | None = None,
) -> Entry:
    """Keep a rule, in all its versions, from applying to one entity until a date.

    `value` is as senders send it; in its place, `event` may be the position of an event that has the value. A
    personal one is stored as its digest alone. If the rule is suppressed for the entity already, the new date
    and reason replace the earlier ones. Raises UnknownRule, InvalidSuppression with every problem.
    """
    find_rule(event_type, name)
    kind = find_event_type(event_type)
    problems = [*_problems_of_period(until, now), *_problems_of_reason(reason)]
    entity = _entity_of(kind, field, value, event, problems)
    if problems:
        raise InvalidSuppression(problems)
    data = {
        "event_type": event_type,
        "name": name,
        "field": field,
        "key": entity.key,
        "value": entity.shown[:MAX_SHOWN],
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
        if name in fields and name in kind.fields
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


def entities_of_event(kind: type[EventType], position: int) -> dict[str, SuppressedEntity]:
    """The entities of an event, by field; none if there is no event of this type at the position."""
    event = Event.objects.filter(pk=position, type=kind.name).first()
    if event is None:
        return {}
    fields = current_version(read_stream(event.stream)).data["fields"]
    keys = entity_keys(kind, fields, units_of(kind))
    return {
        name: SuppressedEntity(key, "" if kind.fields[name].personal else str(fields[name]))
        for name, key in keys.items()
    }


def _entity_of(
    kind: type[EventType], field: str, value: str, event: int | None, problems: list[FieldProblem]
) -> SuppressedEntity:
    """The entity meant; adds to `problems` what is wrong with it."""
    nothing = SuppressedEntity("", "")
    entity = kind.fields.get(field)
    if not isinstance(entity, Entity):
        problems.append(("field", f"{field!r} is not an entity of {kind.name}", units_of(kind)))
        return nothing
    if event is not None:
        there = entities_of_event(kind, event)
        if field not in there:
            problem = f"the {kind.name} at position {event} has no {field}"
            problems.append(("field", problem, list(there) or f"the position of a {kind.name}"))
        return there.get(field, nothing)
    try:
        canonical = entity.parse(value)
    except FieldError as error:
        problems.append(("value", error.problem, error.allowed))
        return nothing
    key = value_key(field, canonical, personal=entity.personal).hex()
    return SuppressedEntity(key, "" if entity.personal else canonical)
