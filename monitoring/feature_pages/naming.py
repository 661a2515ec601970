"""Identifiers of the catalog in words, and numbers as ranges."""

from collections.abc import Iterable
from itertools import groupby


def in_words(name: str) -> str:
    """A kind or an entity in words: "card_x_merchant" is "card and merchant".

    >>> in_words("since_last_same")
    'since last same'
    """
    return name.replace("_x_", " and ").replace("_", " ")


def ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers with runs as ranges.

    >>> ranges([1, 2, 3, 5])
    '1 to 3, 5'
    """
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda placed: placed[1] - placed[0])
    ]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
