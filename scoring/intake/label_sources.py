"""Who says what an event turned out to be: the known label sources, their order and their spelling."""

from collections.abc import Mapping
from typing import Final

# What people say in the review queue; no API key may state it.
PEOPLE: Final = "review"

# Who outranks whom when sources disagree about one event; a source that is not listed ranks lowest.
PRECEDENCE: Final = (PEOPLE, "chargeback", "network", "customer")

MAX_SOURCE_LENGTH = 60

_WITHOUT_SEPARATORS: Final = str.maketrans("", "", " ._-")
_KNOWN: Final = {name: name for name in PRECEDENCE} | {f"{name}s": name for name in PRECEDENCE}


def canonical_source(name: str) -> str:
    """The one spelling of a label source: letters of any case and blanks beside them are the same source.

    A known source is also found when it is written with blanks, dots, dashes or underscores inside, or in the
    plural.

    >>> canonical_source(" Charge-Back "), canonical_source("REVIEW"), canonical_source("Acme  Bank")
    ('chargeback', 'review', 'acme bank')
    """
    lowered = " ".join(name.lower().split())
    return _KNOWN.get(lowered.translate(_WITHOUT_SEPARATORS), lowered)


def is_known_source(name: str) -> bool:
    """Whether a source has a rank of its own."""
    return canonical_source(name) in PRECEDENCE


def source_rank(name: str) -> tuple[int, str]:
    """What sources are ordered by, the one that holds first; unknown ones last, by name."""
    rank = PRECEDENCE.index(name) if name in PRECEDENCE else len(PRECEDENCE)
    return rank, name


def effective_label(said: Mapping[str, str]) -> str | None:
    """The label that holds, given what each source says now (by source): the highest-ranking source's."""
    return said[min(said, key=source_rank)] if said else None
