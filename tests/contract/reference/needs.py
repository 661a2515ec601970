"""What the features need kept of each entity: tiles of each width, maps of values, sessions.

The reference keeps everything. Only what touches an entity, and what comes too late for it, depends on this.
"""

from scoring import declare
from scoring.catalog.fields import Money
from scoring.features.folding.encode import LaneItem
from tests.contract.reference.declarations import Declarations, Names, parts, plain
from tests.contract.reference.items import Where, fulfills

MONTH_US = 30 * 86_400_000_000
MONTH_TILE = MONTH_US // 12
# "sum", "keep" or "label"; event type, the fields of it that name the entity, condition, tile width
Counted = tuple[str, str, Names, Where, int]
WORDS = {"event": ("sum", "keep"), "undo": ("sum",), "label": ("label",)}


class Needs:
    """The tile widths that hold each count, how far back, and the fields whose values are remembered."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations
        self.maps: set[tuple[Names, str, Names, str, int, Where]] = set()  # with the cap of each
        self._rings: dict[Names, set[Counted]] = {}
        self._reach: dict[tuple[Names, int], int] = {}  # (kinds, tile width) -> tiles remembered
        self._sessions: set[tuple[Names, str, Names]] = set()
        for name, features in declarations.features.items():
            for feature in features:
                for part in parts(feature):
                    self._note_part(name, part)
                self._note_usual(name, plain(feature))

    def counts(self, item: LaneItem, kinds: Names, role: Names) -> bool:
        """Whether something counts labels, or undone events, of this type in this role."""
        wanted = {"label": "label", "undo": "sum"}[item.kind], item.type, role
        session = item.kind == "undo" and (kinds, item.type, role) in self._sessions
        return session or wanted in {ring[:3] for ring in self._rings.get(kinds, ())}

    def is_too_late(self, item: LaneItem, kinds: Names, role: Names, latest: int | None) -> bool:
        """Whether tiles count the item, but none of them still holds its time."""
        time = item.occurred_at_us
        widths = {
            width
            for word, of, counted_role, where, width in self._rings.get(kinds, ())
            if word in WORDS[item.kind] and (of, counted_role) == (item.type, role) and fulfills(item, where)
        }
        if not widths:
            return False
        if latest is None or time > latest:
            return True
        return not any(time // width > latest // width - self._reach[kinds, width] for width in widths)

    def _note_part(self, name: str, part: declare.Expression) -> None:
        if isinstance(part, declare.Aggregate):
            word = "keep" if part.function in ("min", "max") else "sum"
            self._note(part, name, word, part.tile, part.window.us // part.tile, part.where)
        if isinstance(part, declare.Labeled):
            reach = -(-(part.delay.us + part.window.us) // part.tile)
            self._note(part, name, "label", part.tile, reach)
            if part.function == "share":
                self._note(part, name, "sum", part.tile, reach)
        if isinstance(part, (declare.Distinct, declare.SinceLastSame, declare.IsNew)):
            where = part.where if isinstance(part, declare.Distinct) else None
            subject = self.declarations.subject(name, part)
            self.maps.add((subject.kinds, subject.of, subject.role, part.field.name, part.cap, where))
        if isinstance(part, declare.InSession):
            subject = self.declarations.subject(name, part)
            self._sessions.add((subject.kinds, subject.of, subject.role))

    def _note_usual(self, name: str, feature: declare.Expression) -> None:
        """What a feature's usual value needs: a month of its entity."""
        if isinstance(feature, declare.Aggregate) and has_monthly_usual(feature):
            self._note(feature, name, "sum", MONTH_TILE, 12, feature.where)
        if isinstance(feature, declare.SinceLast):
            self._note(feature, name, "sum", MONTH_TILE, 12, feature.where)
        if isinstance(feature, declare.FieldValue) and isinstance(feature.field, Money):
            first = self.declarations.first_entity(name)
            self._note(declare.SinceLast((first,), ""), name, "sum", MONTH_TILE, 12)

    def _note(  # noqa: PLR0917
        self, part: declare.OnEntity, name: str, word: str, width: int, tiles: int, where: Where = None
    ) -> None:
        subject = self.declarations.subject(name, part)
        self._rings.setdefault(subject.kinds, set()).add((word, subject.of, subject.role, where, width))
        self._reach[subject.kinds, width] = max(tiles + 1, self._reach.get((subject.kinds, width), 0))


def has_monthly_usual(feature: declare.Aggregate) -> bool:
    if feature.function == "std":
        return False
    return feature.window.us < MONTH_US or feature.function in ("min", "max")
