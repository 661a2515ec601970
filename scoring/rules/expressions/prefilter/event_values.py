"""What expressions may read of an event, as it is stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from scoring.rules.expressions.operands import SCORE, Operand, Value
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

    def value_of(self, operand: Operand) -> Value | None:
        """The value of an operand, None if it is missing."""
        match operand.kind:
            case "field":
                return operand.value_of(self.fields.get(operand.column))
            case "signal":
                return operand.value_of(self.signals.get(operand.column))
            case "feature":
                return operand.value_of(self.features.get(operand.column))
        return operand.value_of(self.score if operand.kind == SCORE else self.source)
