"""A section of a model card."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class CardSection:
    """A part of the card: sentences, rows of names and values, and a table if `columns` are not empty."""

    key: str
    title: str
    sentences: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
