"""Describes payload fields that are not known: names the first few and counts the rest."""

from collections.abc import Iterable, Sequence

from scoring.catalog.errors import MAX_NAME_SHOWN

MAX_UNKNOWN_NAMED = 5  # a sender may send thousands, and the response must not dwarf the request


def unknown_field_problems(
    names: Iterable[object], *, known: Sequence[str], of: str
) -> list[tuple[str, str, object]]:
    """(field, problem, allowed) for the first unknown fields, then for the number of further ones.

    >>> unknown_field_problems(["colour", "size"], known=["color"], of="a label")
    [('colour', 'is not a field of a label', ['color']), ('size', 'is not a field of a label', None)]
    """
    unknown = list(names)
    problems: list[tuple[str, str, object]] = [
        (str(name)[:MAX_NAME_SHOWN], f"is not a field of {of}", None if index else list(known))
        for index, name in enumerate(unknown[:MAX_UNKNOWN_NAMED])
    ]
    if (more := len(unknown) - MAX_UNKNOWN_NAMED) > 0:
        problems.append(("", f"has {more:,} more fields that {of} does not have", None))
    return problems
