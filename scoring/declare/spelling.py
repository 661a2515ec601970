"""Names, plurals and lengths of time as sentences spell them."""

_UNITS_US = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1, "µs"))
_ONE = {"1m": "minute", "1h": "hour", "1d": "day"}


def words_of(name: str) -> str:
    """A name without its underscores: "customer birth year"."""
    return name.replace("_", " ")


def plural_of(noun: str) -> str:
    """The plural by the rules of spelling: "categories", "days", "addresses"."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def span_text(label: str) -> str:
    """A window's label as text: "1h" is "1 h"; "5m" is "5 min", because m is the meter."""
    return f"{label[:-1]} {'min' if label[-1] == 'm' else label[-1]}"


def last_span(label: str) -> str:
    """A window's label after "in the last": "hour", "24 h"."""
    return _ONE.get(label) or span_text(label)


def exact_span(us: int) -> str:
    """A length of time in the largest unit that divides it.

    >>> exact_span(216_000_000_000)
    '60 h'
    """
    size, unit = next((size, unit) for size, unit in _UNITS_US if us % size == 0)
    return f"{us // size} {unit}"


def capitalized(text: str) -> str:
    """The text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]
