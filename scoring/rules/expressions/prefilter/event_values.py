"""What expressions may read of an event, as it is stored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoring.rules.expressions.operands import Operand, Value
from scoring.rules.expressions.rewriting import Lookup


@dataclass(frozen=True, slots=True)
class EventValues:
    """The values of one event; what is not known is absent or None.

    `fields` are canonical, as in the log; `signals` and `features` by column; `hits`: the (field, list) that
    hold now, tags and banks included.
    """

    fields: Mapping[str, Any]
    source: str
    signals: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[str, float | None] = field(default_factory=dict)
    score: float | None = None
    hits: Collection[Lookup] = frozenset()


def values_of(operand: Operand, events: Sequence[EventValues]) -> list[Value | None]:
    """The values of an operand for events, None where it is missing."""
    value_of, column = operand.value_of, operand.column
    match operand.kind:
        case "field":
            return [value_of(event.fields.get(column)) for event in events]
        case "signal":
            return [value_of(event.signals.get(column)) for event in events]
        case "feature":
            return [value_of(event.features.get(column)) for event in events]
        case "score":
            return [value_of(event.score) for event in events]
    return [value_of(event.source) for event in events]
