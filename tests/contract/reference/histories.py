"""Everything that was applied to each entity, in lane order."""

import hashlib
from dataclasses import dataclass, field

from scoring import declare
from scoring.features.folding.encode import LaneItem
from tests.contract.reference.declarations import Declarations, Names, Subject

Key = tuple[Names, tuple[str, ...]]  # (kinds, values)


@dataclass
class Seen:
    """What an entity has shown of a field: value -> last seen; the newest time among values beyond the cap
    so far.
    """

    last: dict[str, int] = field(default_factory=dict)
    dropped: int | None = None

    def show(self, value: str, time: int, cap: int) -> None:
        self.last[value] = max(time, self.last.get(value, time))
        beyond = sorted(self.last, key=self._rank)[: max(0, len(self.last) - cap)]
        for gone in beyond:
            self.dropped = max(self.last[gone], self.dropped if self.dropped is not None else self.last[gone])

    def kept(self, cap: int) -> dict[str, int]:
        return {value: self.last[value] for value in sorted(self.last, key=self._rank)[-cap:]}

    def _rank(self, value: str) -> tuple[int, int]:
        digest = hashlib.blake2b(value.encode(), digest_size=8).digest()
        return self.last[value], int.from_bytes(digest, "little", signed=True)


@dataclass
class History:
    """Everything that was applied to one entity, in lane order, with the fields that named the entity."""

    items: list[tuple[LaneItem, Names]] = field(default_factory=list)
    seen: dict[tuple[str, Names, str, int, declare.Condition | None], Seen] = field(default_factory=dict)
    too_late: int = 0
    seq: int = 0

    def applied(self, subject: Subject) -> list[LaneItem]:
        """What was applied of a type in a role: events, labels and undone events."""
        return [item for item, role in self.items if (item.type, role) == (subject.of, subject.role)]

    def events(self, subject: Subject | None = None) -> list[LaneItem]:
        items = [item for item, _ in self.items] if subject is None else self.applied(subject)
        return [item for item in items if item.kind == "event"]

    def latest(self) -> int | None:
        return max((item.occurred_at_us for item in self.events()), default=None)

    def read_time(self, item: LaneItem) -> int:
        latest = self.latest()
        return item.occurred_at_us if latest is None else max(item.occurred_at_us, latest)


class Histories:
    """The histories of all entities of a lane."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations
        self.by_key: dict[Key, History] = {}

    def find(self, item: LaneItem, kinds: Names, fields: Names) -> History | None:
        """None where the item does not have the entity; an empty history where the entity is new."""
        values = [item.fields.get(name) for name in fields]
        return None if None in values else self.by_key.setdefault((kinds, tuple(values)), History())

    def subject(self, item: LaneItem, feature: declare.OnEntity) -> Subject:
        return self.declarations.subject(item.type, feature)

    def read(self, item: LaneItem, feature: declare.OnEntity) -> History | None:
        """The history that a feature of the item reads, as `find` gives it."""
        subject = self.subject(item, feature)
        return self.find(item, subject.kinds, subject.own)
