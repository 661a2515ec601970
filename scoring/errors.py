"""What every error of scoring is."""

from collections.abc import Iterable


class ScoringError(Exception):
    """Base of everything scoring refuses to do."""


def word_problems(problems: Iterable[tuple[str, str, object]]) -> str:
    """(field, problem, allowed) in one sentence; the field is "" for a problem of the whole.

    >>> word_problems([("amount", "is missing", None), ("", "has 2 more problems", None)])
    'amount: is missing; has 2 more problems'
    """
    return "; ".join(f"{field}: {problem}" if field else problem for field, problem, _ in problems)
