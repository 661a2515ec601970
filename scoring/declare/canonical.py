"""Declarations in canonical text: `card.count(over="24h", where=amount.below(5))`."""

import json


def call(word: str, *arguments: str, **options: str) -> str:
    """The text of a call; options without a value are left out."""
    given = [f"{name}={value}" for name, value in options.items() if value]
    return f"{word}({', '.join([*arguments, *given])})"


def literal(value: str | bool) -> str:
    """A name in double quotes, or True or False."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def quoted(text: str) -> str:
    """Text in double quotes; empty for empty text, so that `call` leaves the option out."""
    return literal(text) if text else ""


def plain_number(value: float) -> str:
    """A number as people write it: 5, not 5.0."""
    return repr(int(value) if value == int(value) else value)
