"""Parse label statements: a label of an event or its retraction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import MAX_ID_LENGTH, EventType, parse_occurred_at
from scoring.catalog.fields import clean_identifier
from scoring.catalog.policies import names_of, parse_policies
from scoring.catalog.registry import event_types
from scoring.catalog.unknown_fields import unknown_field_problems
from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.intake.label_sources import MAX_SOURCE_LENGTH
from scoring.intake.labels import LabelStatement

NAMES = ("event_type", "event_id", "label", "retract", "source", "known_at", "policies")


def parse_statement(item: Mapping[str, Any], *, now: datetime) -> LabelStatement:
    """Parse one object. Raises `InvalidRequest` with every problem found."""
    unknown = [name for name in item if name not in NAMES]
    problems = [
        RequestProblem(*problem) for problem in unknown_field_problems(unknown, known=NAMES, of="a label")
    ]
    kind = _read_type(item, problems)
    event_id = _read_identifier(item, "event_id", MAX_ID_LENGTH, problems)
    label_source = _read_identifier(item, "source", MAX_SOURCE_LENGTH, problems)
    value = _read_value(item, kind, problems)
    known_at = _read_known_at(item, now, problems)
    policies = _read_policies(item, kind, value, problems)
    if problems or kind is None:
        raise InvalidRequest(problems)
    return LabelStatement(kind.name, event_id, value, label_source, known_at, policies)


def _read_type(item: Mapping[str, Any], problems: list[RequestProblem]) -> type[EventType] | None:
    labeled = {name: kind for name, kind in event_types().items() if kind.scored}
    name = item.get("event_type")
    if isinstance(name, str) and name in labeled:
        return labeled[name]
    problem = "is missing" if name is None else "is not an event type that takes labels"
    problems.append(RequestProblem("event_type", problem, list(labeled)))
    return None


def _read_identifier(
    item: Mapping[str, Any], name: str, max_length: int, problems: list[RequestProblem]
) -> str:
    raw = item.get(name)
    try:
        if raw is None:
            raise FieldError("is missing", f"1 to {max_length} characters")
        return clean_identifier(raw, max_length)
    except FieldError as error:
        problems.append(RequestProblem(name, error.problem, error.allowed))
        return ""


def _read_value(
    item: Mapping[str, Any], kind: type[EventType] | None, problems: list[RequestProblem]
) -> str | None:
    value, retract = item.get("label"), item.get("retract", False)
    allowed = [*kind.labels.values] if kind else []
    if not isinstance(retract, bool):
        problems.append(RequestProblem("retract", "must be true or false", [True, False]))
    elif retract and value is not None:
        problems.append(RequestProblem("label", "must be null in a retraction", [None]))
    elif not retract and value is None:
        problems.append(RequestProblem("label", "is missing", [*allowed, 'null with "retract": true']))
    elif kind and value is not None and value not in allowed:
        problems.append(RequestProblem("label", f"is not a label of {kind.name}", allowed))
    return value


def _read_policies(
    item: Mapping[str, Any],
    kind: type[EventType] | None,
    value: str | None,
    problems: list[RequestProblem],
) -> tuple[str, ...]:
    """The policies that a positive label names; any other statement names none."""
    if kind is None:
        return ()
    try:
        policies = parse_policies(item.get("policies"), known=names_of(kind.policies))
    except FieldError as error:
        problems.append(RequestProblem("policies", error.problem, error.allowed))
        return ()
    if policies and value != kind.labels.positive:
        problem = f"go with the label {kind.labels.positive!r} only"
        problems.append(RequestProblem("policies", problem, []))
    return policies


def _read_known_at(item: Mapping[str, Any], now: datetime, problems: list[RequestProblem]) -> datetime | None:
    """The sender's known-at, parsed like an event's time; a clock slightly ahead is cut to `now`."""
    raw = item.get("known_at")
    if raw is None:
        return None
    try:
        return min(parse_occurred_at(raw, now), now)
    except FieldError as error:
        problems.append(RequestProblem("known_at", error.problem, error.allowed))
        return None
