"""Fields that a payload has and its kind does not: some are named, and all are counted."""

from collections.abc import Iterable, Sequence

from scoring.catalog.errors import MAX_NAME_SHOWN

MAX_UNKNOWN_NAMED = 5  # a sender may send thousands, and an answer must not be many times its request


def unknown_field_problems(
    names: Iterable[object], *, known: Sequence[str], of: str
) -> list[tuple[str, str, object]]:
    """(field, problem, allowed) of the first unknown fields, then how many more there are.

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
