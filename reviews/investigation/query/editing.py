"""Edits conditions for those who do not write them: adds and removes comparisons. Pure."""

import json
import math

from scoring.rules.expressions.operands import FLAG, NUMBER, TEXT, TEXTS, Operand, Value
from scoring.rules.expressions.tokens import SourceText

# The comparisons of the form by type of operand, with their words; those without a value end in "has".
COMPARISONS: dict[str, dict[str, str]] = {
    NUMBER: {
        ">=": "at least",
        "<=": "at most",
        ">": "more than",
        "<": "less than",
        "==": "is",
        "!=": "is not",
    },
    TEXT: {
        "==": "is",
        "!=": "is not",
        "in": "is one of",
        "contains": "contains",
        "startsWith": "starts with",
    },
    FLAG: {"true": "is true", "false": "is false"},
    TEXTS: {"has": "include", "has not": "do not include"},
}
PRESENCE = {"present": "has a value", "missing": "is missing"}


def comparisons_of(operand: Operand) -> dict[str, str]:
    """The comparisons that the form offers for an operand, with their words."""
    if operand.personal:
        return PRESENCE
    return COMPARISONS[operand.type] | (PRESENCE if operand.optional and operand.type != TEXTS else {})


def comparison_text(operand: Operand, comparison: str, value: str) -> str:
    """A comparison as the form gives it, in the language. Raises ValueError for a value that does not fit.

    >>> amount = Operand("amount", "field", NUMBER, "amount", "")
    >>> comparison_text(amount, ">=", "1,000")
    'amount >= 1000'
    """
    name = operand.name
    if comparison not in comparisons_of(operand):
        raise ValueError(f"{name} cannot be compared that way")
    if comparison in PRESENCE:
        return f"has({name})" if comparison == "present" else f"!has({name})"
    if operand.type == FLAG:
        return name if comparison == "true" else f"!{name}"
    if operand.type == TEXTS:
        return f"{'' if comparison == 'has' else '!'}({text_literal(value)} in {name})"
    if operand.type == NUMBER:
        return f"{name} {comparison} {_number(value)}"
    return _text_comparison(name, comparison, value)


def _text_comparison(name: str, comparison: str, value: str) -> str:
    if comparison == "in":
        items = [text_literal(each.strip()) for each in value.split(",") if each.strip()]
        if not items:
            raise ValueError("give at least one value, separated by commas")
        return f"{name} in [{', '.join(items)}]"
    if comparison in ("contains", "startsWith"):
        return f"{name}.{comparison}({text_literal(value)})"
    return f"{name} {comparison} {text_literal(value)}"


def equality_text(operand: Operand, value: Value | None, *, excluded: bool = False) -> str:
    """That an operand has a value, or another one: what a click on a value adds."""
    if value is None:
        return f"{'' if excluded else '!'}has({operand.name})"
    if operand.type == FLAG:
        return operand.name if bool(value) != excluded else f"!{operand.name}"
    if operand.type == TEXTS:
        return f"{'!' if excluded else ''}({text_literal(str(value))} in {operand.name})"
    written = text_literal(str(value)) if operand.type == TEXT else number_literal(float(value))
    equal = f"{operand.name} == {written}"
    return f"!({equal})" if excluded else equal


def with_part(condition: str, part: str) -> str:
    """Both of the condition and a further part.

    >>> with_part("a > 1 || b", "c"), with_part("", "c")
    ('(a > 1 || b)\\n&& c', 'c')
    """
    if not condition:
        return part
    parts = parts_of(condition)
    if part in parts:
        return condition
    end = "\n" if "//" in condition else ""  # a comment ends with its line
    left = condition if len(parts) > 1 or not _has_choice(condition) else f"({condition}{end})"
    return f"{left}\n&& {part}"


def without_part(condition: str, place: int) -> str:
    """The condition without one of its parts."""
    parts = parts_of(condition)
    return "\n&& ".join(each for at, each in enumerate(parts) if at != place)


def parts_of(condition: str) -> list[str]:
    """The parts that must all hold; the whole if it is an alternative.

    >>> parts_of("a > 1 && (b || c) && !d")
    ['a > 1', '(b || c)', '!d']
    """
    if not condition:
        return []
    text = SourceText(condition).text
    starts, depth = [0], 0
    for token in SourceText(condition).tokens:
        if token.kind != "operator":
            continue
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        if depth == 0 and token.text in ("||", "?"):
            return [condition]
        if depth == 0 and token.text == "&&":
            starts.append(token.start + 2)
    ends = [start - 2 for start in starts[1:]] + [len(text)]
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def text_literal(text: str) -> str:
    """A text as the language writes it; JSON's escapes are CEL's."""
    return json.dumps(text, ensure_ascii=False)


def number_literal(number: float) -> str:
    """A number as the language writes it.

    >>> number_literal(500.0), number_literal(0.25)
    ('500', '0.25')
    """
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def _number(text: str) -> str:
    try:
        number = float(text.replace(",", "").strip())
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a number")
    return number_literal(number)


def _has_choice(condition: str) -> bool:
    return any(
        token.text in ("||", "?") for token in SourceText(condition).tokens if token.kind == "operator"
    )
