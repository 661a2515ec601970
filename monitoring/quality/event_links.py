"""Addresses of the events behind a field of a sender, in the investigation console."""

from collections.abc import Iterable
from datetime import datetime

from monitoring.event_addresses import equals, events_address
from monitoring.quality.judging import HOUR, Reading
from monitoring.quality.observing import HOURS, FieldReadings
from scoring.catalog.registry import event_types
from scoring.rules.expressions.operands import NUMBER, SOURCE, Operand, operands_of, spelled


def values_address(found: FieldReadings, *, now: datetime) -> str:
    """The sender's events since the field changed, else of a day, with the values of the field: the
    distribution of a number, else the most frequent ones; personal values are not shown. "" if the console
    does not have such events.
    """
    operand = _operand_of(found)
    is_shown = operand is not None and not operand.personal
    is_number = operand is not None and operand.type == NUMBER
    name = spelled(found.field.field) if is_shown else ""
    shown = {"distribution": name} if is_number else {"top": name}
    return _address(found, found.readings, now=now, **shown)


def missing_address(found: FieldReadings, *, now: datetime) -> str:
    """The sender's events without a value of the field; "" if none can be missing."""
    operand = _operand_of(found)
    if operand is None or not operand.optional:
        return ""
    return _address(found, [found.missing], f"!has({operand.name})", now=now)


def _operand_of(found: FieldReadings) -> Operand | None:
    kind = event_types().get(found.field.event_type)
    if kind is None or not kind.scored:
        return None
    return operands_of(kind.name).by_name.get(spelled(found.field.field))


def _address(
    found: FieldReadings,
    readings: Iterable[Reading],
    *conditions: str,
    now: datetime,
    distribution: str = "",
    top: str = "",
) -> str:
    field = found.field
    kind = event_types().get(field.event_type)
    if kind is None or not kind.scored:
        return ""
    changed = [each.since for each in readings if each.has_left_fine and each.since]
    return events_address(
        field.event_type,
        equals(SOURCE, field.source),
        *conditions,
        since=min(changed, default=now - HOURS * HOUR),
        until=now,
        distribution=distribution,
        top=top,
    )
