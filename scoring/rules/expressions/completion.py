"""What an editor of expressions offers: names with their meaning, functions, operators, lists and limits."""

from typing import Any

from scoring.rules.expressions.language import (
    FUNCTIONS,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_OPERATORS,
    MAX_PATTERN,
    OPERATORS,
)
from scoring.rules.expressions.operands import FLAG, NUMBER, Operand, Operands

_EXAMPLE_OF_UNIT = {
    "probability": 0.9,
    "share": 0.5,
    "ratio": 3.0,
    "seconds": 3_600.0,
    "hour": 22.0,
    "weekday": 5.0,
    "years": 18.0,
    "km": 100.0,
    "km/h": 900.0,
}
_EXAMPLE_MONEY = 500.0
_EXAMPLE_COUNT = 5.0


def completion_data(operands: Operands) -> dict[str, Any]:
    """Everything that an editor offers for an event type, as JSON values.

    `names` in order of their kinds: score, source, fields, signals, features. Each has `example`, a condition
    that compiles.
    """
    return {
        "event_type": operands.event_type,
        "names": [_described(operand) for operand in operands],
        "functions": [
            {
                "name": function.name,
                "signature": function.signature,
                "description": function.description,
                "example": function.example,
                "method": function.method,
            }
            for function in FUNCTIONS.values()
        ],
        "operators": [{"name": name, "description": meaning} for name, meaning in OPERATORS.items()],
        "lists": [
            {"name": each.name, "kind": each.kind, "function": "tagged" if each.tag else "listed"}
            for each in (operands.lists or {}).values()
        ],
        "banks": sorted(operands.banks or ()),
        "limits": {
            "characters": MAX_CHARACTERS,
            "depth": MAX_DEPTH,
            "operators": MAX_OPERATORS,
            "pattern": MAX_PATTERN,
        },
    }


def _described(operand: Operand) -> dict[str, Any]:
    return {
        "name": operand.name,
        "kind": operand.kind,
        "type": operand.type,
        "unit": operand.unit,
        "description": operand.description,
        "optional": operand.optional,
        "personal": operand.personal,
        "values": list(operand.values),
        "lists": operand.lists,
        "example": example_of(operand),
    }


def example_of(operand: Operand) -> str:
    """A condition on the operand: `amount > 500`."""
    name = operand.name
    if operand.personal:
        return f"has({name})"
    if operand.type == FLAG:
        return name
    if operand.type == NUMBER:
        return f"{name} > {_example_number(operand):g}"
    if len(operand.values) > 1:
        return f'{name} in ["{operand.values[0]}", "{operand.values[1]}"]'
    return f'{name} == "{operand.values[0] if operand.values else f"{operand.column}_1"}"'


def _example_number(operand: Operand) -> float:
    if operand.divisor != 1 or operand.unit.isupper():
        return _EXAMPLE_MONEY
    return _EXAMPLE_OF_UNIT.get(operand.unit, _EXAMPLE_COUNT)
