"""The policies that labels name: of each source, and those in effect."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from scoring.intake.label_sources import canonical_source, source_rank
from scoring.log.entries import Entry

NamedPolicies = Mapping[str, tuple[str, ...]]  # label source -> the policies that it names, sorted
NOTHING_NAMED: Final[NamedPolicies] = MappingProxyType({})


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
    said: Mapping[str, str],
) -> dict[str, Any]:
    """The keys of a label entry about policies; none unless its source or another one names any.

    `named`: before the statement. `said`: the label of each source after it. The policies in effect are those
    of the source whose label is.
    """
    after = named_after(named, source, policies if value is not None else ())
    if not after:
        return {}
    effective = after.get(min(said, key=source_rank), ()) if said else ()
    return {
        **({"policies": list(policies)} if policies else {}),
        "said_policies": {name: list(stated) for name, stated in after.items()},
        "effective_policies": list(effective),
    }
