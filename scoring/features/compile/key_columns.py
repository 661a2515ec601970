"""Key columns hold the keys of an item's states: one column for each kind, and one for each further role.

Key column k holds keys of kind k. An event type with two fields of a kind has keys of two states of that
kind; the second key is in an extra column after those of all kinds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scoring.catalog.event_type import EventType
from scoring.features.compile.layout import Kind, KindLayout, roles_of
from scoring.features.compile.program import ProgramBuilder


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """`kinds`: the kind of each column. `fields`: by event type and kind, the fields of each key.

    The first `roles` keys of an event type and kind are its roles; the states of further keys are only read,
    such as those of a pair in reverse.
    """

    layouts: tuple[KindLayout, ...]
    kinds: tuple[int, ...]
    fields: Mapping[tuple[str, Kind], Sequence[Kind]]
    roles: Mapping[tuple[str, Kind], int]

    def of(self, event_type: str) -> Iterator[tuple[int, KindLayout, Kind, bool]]:
        """(column, layout of its kind, fields of the key, whether it is a role) of every key."""
        for layout in self.layouts:
            for at, fields in enumerate(self.fields[event_type, layout.kind]):
                column = self._column(layout.kind, at)
                yield column, layout, fields, at < self.roles[event_type, layout.kind]

    def place(self, event_type: str, kind: Kind, fields: Kind) -> int:
        """The column with the key of these fields in events of a type."""
        return self._column(kind, list(self.fields[event_type, kind]).index(fields))

    def several_roles(self) -> list[list[object]]:
        """The event types with several roles in a kind, and those roles; empty in most lanes."""
        return [
            [event_type, list(kind), [list(fields) for fields in self.fields[event_type, kind][:count]]]
            for (event_type, kind), count in self.roles.items()
            if count > 1
        ]

    def _column(self, kind: Kind, at: int) -> int:
        index = next(index for index, layout in enumerate(self.layouts) if layout.kind == kind)
        further = [
            column for column in range(len(self.layouts), len(self.kinds)) if self.kinds[column] == index
        ]
        return [index, *further][at]


def assign_columns(
    members: Sequence[type[EventType]],
    layouts: tuple[KindLayout, ...],
    programs: Mapping[str, ProgramBuilder],
) -> KeyColumns:
    """For each kind, enough columns for the event type with the most keys of it."""
    fields, roles = {}, {}
    for member in members:
        for layout in layouts:
            own = roles_of(member, layout.kind)
            read = [keys for kind, keys in programs[member.name].reads if kind == layout.kind]
            fields[member.name, layout.kind] = list(dict.fromkeys([*own, *read]))
            roles[member.name, layout.kind] = len(own)
    further = [
        index
        for index, layout in enumerate(layouts)
        for _ in range(max(len(fields[member.name, layout.kind]) for member in members) - 1)
    ]
    return KeyColumns(layouts, (*range(len(layouts)), *further), fields, roles)
