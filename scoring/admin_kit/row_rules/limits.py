"""What a user sees and may use, given the limits of their groups. Pure: no database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """What a group or a user is limited to.

    `event_types`: those whose rows are seen, None for all. `labels`: by event type, the labels and policies
    that verdicts may use; types that are left out have all.
    """

    event_types: frozenset[str] | None = None
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, event_types: Iterable[str], labels: Mapping[str, Iterable[str]]) -> "Limits":
        """Limits as they are stored, where an empty list allows all."""
        return cls(
            frozenset(event_types) or None,
            {name: frozenset(allowed) for name, allowed in labels.items() if allowed},
        )

    @property
    def is_nothing(self) -> bool:
        """Whether they limit nothing."""
        return self.event_types is None and not self.labels

    def sees(self, event_type: str) -> bool:
        """Whether rows of an event type are seen."""
        return self.event_types is None or event_type in self.event_types

    def labels_of(self, event_type: str) -> frozenset[str] | None:
        """The labels and policies that verdicts on events of a type may use, None for all."""
        return self.labels.get(event_type)


UNLIMITED = Limits()


def union_of(groups: Sequence[Limits]) -> Limits:
    """What a member of these groups sees and may use: what any of them allows; all without groups.

    >>> both = union_of([Limits.of(["login"], {}), Limits.of(["payment"], {"payment": ["fraud"]})])
    >>> sorted(both.event_types), both.labels_of("payment"), both.labels_of("login")
    (['login', 'payment'], frozenset({'fraud'}), None)
    """
    if not groups:
        return UNLIMITED
    seen = [each.event_types for each in groups]
    named = {name for each in groups for name in each.labels}
    labels = {name: _labels_in(groups, name) for name in named}
    return Limits(
        event_types=None if None in seen else frozenset().union(*(types for types in seen if types)),
        labels={name: allowed for name, allowed in labels.items() if allowed is not None},
    )


def _labels_in(groups: Sequence[Limits], event_type: str) -> frozenset[str] | None:
    """The labels of a type that some group which sees the type allows; None if one of them allows all."""
    allowed = [each.labels_of(event_type) for each in groups if each.sees(event_type)]
    if not allowed or None in allowed:
        return None
    return frozenset().union(*(labels for labels in allowed if labels))
