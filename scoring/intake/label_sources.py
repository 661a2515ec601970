"""Label sources: which are known, how they rank, how their names are written, and the policies they name."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from scoring.log.entries import Entry

# Verdicts of the review queue; API keys cannot use this source.
PEOPLE: Final = "review"

# Decides when sources disagree about an event, highest first; other sources rank lowest.
PRECEDENCE: Final = (PEOPLE, "chargeback", "network", "customer")

# The first of a pair outranks the second if it became known later: a dispute tells more than the review
# before it, and a review after it knows of it.
OUTRANKS_IF_LATER: Final = (("chargeback", PEOPLE),)

MAX_SOURCE_LENGTH = 60

NamedPolicies = Mapping[str, tuple[str, ...]]  # label source -> the policies that it names, sorted
KnownAt = Mapping[str, datetime]  # label source -> when its current label became known
NOTHING_NAMED: Final[NamedPolicies] = MappingProxyType({})

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


def effective_source(said: Mapping[str, str], known_at: KnownAt) -> str | None:
    """The source whose label is effective, given the current label of each; None without labels."""
    if not said:
        return None
    highest = min(said, key=source_rank)
    for source, other in OUTRANKS_IF_LATER:
        if highest == other and source in said and _is_later(source, other, known_at):
            return source
    return highest


def _is_later(source: str, other: str, known_at: KnownAt) -> bool:
    return source in known_at and other in known_at and known_at[source] > known_at[other]


def logged_effective_source(data: Mapping[str, Any]) -> str | None:
    """The source whose label is effective after a label entry, by its data; None if there is none.

    Entries do not name it if they are of before a later dispute outranked a review: the rank decides.
    """
    said = data.get("said")
    if not said:
        return None
    return str(data.get("effective_source") or min(said, key=source_rank))


def named_by_source(entries: Iterable[Entry], types: Collection[str]) -> NamedPolicies:
    """The policies of each source after the entries of one label stream that have one of these types."""
    named = NOTHING_NAMED
    for entry in entries:
        if entry.type in types:
            source = canonical_source(entry.data["source"])
            named = named_after(named, source, entry.data.get("policies", ()))
    return named


def named_after(named: NamedPolicies, source: str, policies: Sequence[str]) -> NamedPolicies:
    """`named` after a source's statement; one that names no policy takes back those it named before."""
    others = {name: stated for name, stated in named.items() if name != source}
    return {**others, source: tuple(policies)} if policies else others


def policy_keys(
    named: NamedPolicies,
    source: str,
    value: str | None,
    policies: Sequence[str],
    *,
    effective: str | None,
) -> dict[str, Any]:
    """The keys of a label entry about policies; none unless its source or another one names any.

    `named`: before the statement. `effective`: the source whose label is effective after it, and so are its
    policies; None without labels.
    """
    after = named_after(named, source, policies if value is not None else ())
    if not after:
        return {}
    in_effect = after.get(effective, ()) if effective is not None else ()
    return {
        **({"policies": list(policies)} if policies else {}),
        "said_policies": {name: list(stated) for name, stated in after.items()},
        "effective_policies": list(in_effect),
    }
