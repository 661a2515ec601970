"""Label sources: which are known, how they rank, and how their names are normalized."""

from collections.abc import Mapping
from typing import Final

# Verdicts of the review queue; API keys cannot use this source.
PEOPLE: Final = "review"

# Decides when sources disagree about an event, highest first; other sources rank lowest.
PRECEDENCE: Final = (PEOPLE, "chargeback", "network", "customer")

MAX_SOURCE_LENGTH = 60

_WITHOUT_SEPARATORS: Final = str.maketrans("", "", " ._-")
_KNOWN: Final = {name: name for name in PRECEDENCE} | {f"{name}s": name for name in PRECEDENCE}


def canonical_source(name: str) -> str:
    """The normalized name of a label source: lower case, without surplus blanks.

    Known sources are also recognized with blanks, dots, dashes or underscores inside, and in the plural.

    >>> canonical_source(" Charge-Back "), canonical_source("REVIEW"), canonical_source("Acme  Bank")
    ('chargeback', 'review', 'acme bank')
    """
    lowered = " ".join(name.lower().split())
    return _KNOWN.get(lowered.translate(_WITHOUT_SEPARATORS), lowered)


def is_known_source(name: str) -> bool:
    """Whether a source has a rank of its own."""
    return canonical_source(name) in PRECEDENCE


def source_rank(name: str) -> tuple[int, str]:
    """The sort key of sources, highest rank first; unknown ones last, by name."""
    rank = PRECEDENCE.index(name) if name in PRECEDENCE else len(PRECEDENCE)
    return rank, name


def effective_label(said: Mapping[str, str]) -> str | None:
    """The label of the highest-ranking source, given the current label of each."""
    return said[min(said, key=source_rank)] if said else None
