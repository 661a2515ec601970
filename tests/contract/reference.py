"""A slow, obviously right reading of the feature declarations, in plain Python.

It keeps every applied item of every entity and works each value out from all of them: no rings, no heads, no
packed words, none of the compiler's tables. What a window covers is written once, in `_tiles_of`.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

from scoring import declare
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Field, Money
from scoring.features.folding.encode import LaneItem

NAN = float("nan")
MONTH_US = 30 * 86_400_000_000
MONTH_TILE = MONTH_US // 12
Names = tuple[str, ...]
Key = tuple[Names, tuple[str, ...]]  # (kinds, values)
Where = declare.Condition | None
# "sum", "keep" or "label"; event type, the fields of it that name the entity, condition, tile width
Counted = tuple[str, str, Names, Where, int]


@dataclass(frozen=True)
class Subject:
    """The history that a feature reads: kind, identifying fields of the event, and what it counts."""

    kinds: Names
    own: Names
    of: str
    role: Names


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


class Reference:
    """Applies lane items one by one; `apply` gives the row of a scored event (vector, then usual values)."""

    def __init__(
        self, members: Sequence[type[EventType]], vocabularies: Mapping[str, Mapping[str, Sequence[str]]]
    ) -> None:
        self.members = {member.name: member for member in members}
        self.vocabularies = vocabularies
        self.features = {
            member.name: list(declare.iter_features(member.features, member.origin)) for member in members
        }
        self.histories: dict[Key, History] = {}
        self.saturated: dict[str, int] = {}
        self._kinds = {kinds for name in self.members for kinds in self._declared_kinds(name)}
        self._rings: dict[Names, set[Counted]] = {}
        self._reach: dict[tuple[Names, int], int] = {}  # (kinds, tile width) -> tiles remembered
        self._maps: set[tuple[Names, str, Names, str, int, Where]] = set()  # with the cap of each
        self._sessions: set[tuple[Names, str, Names]] = set()
        for name, features in self.features.items():
            for feature in features:
                self._note_needs(name, feature)

    def apply(self, item: LaneItem) -> list[float] | None:
        row = None
        if item.kind == "event" and self.members[item.type].scored:
            features = self.features[item.type]
            row = [self._value(item, feature) for feature in features]
            row += [self._usual(item, feature) for feature in features]
        for kinds, role in self._touched(item):
            key = self._key(item, kinds, role)
            if key is not None:
                self._remember(item, self.histories.setdefault(key, History()), kinds, role)
        return row

    # --- what an item touches ---

    def _declared_kinds(self, name: str) -> list[Names]:
        """The kinds of everything an event type's features read."""
        found = []
        for feature in self.features[name]:
            for part in _parts(feature):
                if isinstance(part, declare.OnEntity):
                    found.append(self._subject(name, part).kinds)
                if (
                    isinstance(part, declare.FieldValue)
                    and isinstance(part.field, Money)
                    and part is _plain(feature)
                ):
                    found.append((self._first_entity(name).kind,))
        return found

    def _first_entity(self, name: str) -> Entity:
        return next(f for f in self.members[name].fields.values() if isinstance(f, Entity))

    def _subject(self, name: str, feature: declare.OnEntity) -> Subject:
        """The own fields of a feature, in order of their kind and then of the fields that events counted have
        them in.
        """
        of = feature.of or name
        fields = self.members[of].fields
        found = []
        for at, key in enumerate(feature.keys):
            if feature.role:
                role = feature.role_names[at]
            elif of == name:
                role = key.name
            else:
                (role,) = [other for other, declared in fields.items() if _kind(declared) == key.kind]
            found.append((key.kind, list(fields).index(role), key.name, role))
        kinds, _, own, role = zip(*sorted(found), strict=True)
        return Subject(kinds, own, of, role)

    def _touched(self, item: LaneItem) -> list[tuple[Names, Names]]:
        """(kinds, the item's fields that make a key of them)."""
        fields = [(_kind(declared), name) for name, declared in self.members[item.type].fields.items()]
        touched = []
        for kinds in sorted(self._kinds):
            for chosen in combinations([each for each in fields if each[0] in kinds], len(kinds)):
                found, role = zip(*sorted(chosen, key=lambda each: each[0]), strict=True)
                if found == kinds and (item.kind == "event" or self._counts(item, kinds, role)):
                    touched.append((kinds, role))
        return touched

    def _counts(self, item: LaneItem, kinds: Names, role: Names) -> bool:
        """Whether something counts labels, or undone events, of this type in this role."""
        wanted = {"label": "label", "undo": "sum"}[item.kind], item.type, role
        session = item.kind == "undo" and (kinds, item.type, role) in self._sessions
        return session or wanted in {ring[:3] for ring in self._rings.get(kinds, ())}

    def _key(self, item: LaneItem, kinds: Names, fields: Names) -> Key | None:
        values = [item.fields.get(name) for name in fields]
        return None if None in values else (kinds, tuple(values))

    def _remember(self, item: LaneItem, history: History, kinds: Names, role: Names) -> None:
        history.seq = item.seq
        if item.kind == "label" and item.positive_delta == 0:
            return
        latest = history.latest()
        if item.kind == "event":
            latest = item.occurred_at_us if latest is None else max(latest, item.occurred_at_us)
        what = {"event": ("sum", "keep"), "undo": ("sum",), "label": ("label",)}[item.kind]
        widths = {
            width
            for word, of, counted_role, where, width in self._rings.get(kinds, ())
            if word in what and (of, counted_role) == (item.type, role) and self._fulfils(item, where)
        }
        reached = latest is not None and item.occurred_at_us <= latest
        if widths and not (
            reached
            and any(
                item.occurred_at_us // width > latest // width - self._reach[kinds, width] for width in widths
            )
        ):
            history.too_late += 1
        if item.kind != "event" and not reached:
            return
        history.items.append((item, role))
        if item.kind == "event":
            for *of_map, name, cap, where in self._maps:
                shown = item.fields.get(name)
                counted = of_map == [kinds, item.type, role] and self._fulfils(item, where)
                if counted and shown is not None:
                    seen = history.seen.setdefault((item.type, role, name, cap, where), Seen())
                    seen.show(shown, item.occurred_at_us, cap)

    def _note_needs(self, name: str, feature: declare.Expression) -> None:
        """The tile widths that hold each count, and how far back; only the late counter depends on it."""
        for part in _parts(feature):
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
                subject = self._subject(name, part)
                self._maps.add((subject.kinds, subject.of, subject.role, part.field.name, part.cap, where))
            if isinstance(part, declare.InSession):
                subject = self._subject(name, part)
                self._sessions.add((subject.kinds, subject.of, subject.role))
        plain = _plain(feature)
        if isinstance(plain, declare.Aggregate) and _has_monthly_usual(plain):
            self._note(plain, name, "sum", MONTH_TILE, 12, plain.where)
        if isinstance(plain, declare.SinceLast):
            self._note(plain, name, "sum", MONTH_TILE, 12, plain.where)
        if isinstance(plain, declare.FieldValue) and isinstance(plain.field, Money):
            self._note(declare.SinceLast((self._first_entity(name),), ""), name, "sum", MONTH_TILE, 12)

    def _note(  # noqa: PLR0917
        self, part: declare.OnEntity, name: str, word: str, width: int, tiles: int, where: Where = None
    ) -> None:
        subject = self._subject(name, part)
        self._rings.setdefault(subject.kinds, set()).add((word, subject.of, subject.role, where, width))
        self._reach[subject.kinds, width] = max(tiles + 1, self._reach.get((subject.kinds, width), 0))

    # --- conditions ---

    def _fulfils(self, item: LaneItem, where: Where) -> bool:
        if isinstance(where, declare.AllOf):
            return all(self._fulfils(item, part) for part in where.parts)
        if isinstance(where, declare.FieldComparison):
            return self._compares(item, where)
        if isinstance(where, declare.OneOf):
            return item.fields.get(where.field.name) in where.values
        if isinstance(where, declare.IsNight):
            return self._IsNight(item, where) == 1
        return where is None or self._IsWeekend(item, declare.IsWeekend()) == 1

    def _compares(self, item: LaneItem, where: declare.FieldComparison) -> bool:
        if item.fields.get(where.field.name) is None:
            return False
        value = Fraction(_number(item, where.field.name))
        bound = Fraction(str(where.bound)) * 100 if isinstance(where.field, Money) else Fraction(where.bound)
        return {
            "below": value < bound,
            "at_most": value <= bound,
            "above": value > bound,
            "at_least": value >= bound,
        }[where.operator]

    # --- values ---

    def _value(self, item: LaneItem, feature: declare.Expression) -> float:
        return getattr(self, f"_{type(feature).__name__}")(item, feature)

    def _Named(self, item: LaneItem, feature: declare.Named) -> float:
        return self._value(item, feature.inner)

    def _Constant(self, item: LaneItem, feature: declare.Constant) -> float:
        return feature.value

    def _Arithmetic(self, item: LaneItem, feature: declare.Arithmetic) -> float:
        left, right = self._value(item, feature.left), self._value(item, feature.right)
        if feature.operator == "/":
            return NAN if right == 0 else left / right
        return {"+": left + right, "-": left - right, "*": left * right}[feature.operator]

    def _FieldValue(self, item: LaneItem, feature: declare.FieldValue) -> float:
        name = feature.field.name
        if isinstance(feature.field, Category) and item.fields.get(name) is not None:
            known = feature.field.values or self.vocabularies.get(item.type, {}).get(name, ())
            return float(list(known).index(item.fields[name]) + 1) if item.fields[name] in known else 0.0
        return _number(item, name)

    def _BatchValue(self, item: LaneItem, feature: declare.BatchValue) -> float:
        return _number(item, feature.column)

    def _TextSignal(self, item: LaneItem, feature: declare.TextSignal) -> float:
        return _number(item, feature.column)

    def _HourOfDay(self, item: LaneItem, feature: declare.HourOfDay) -> float:
        return float(_moment(item).hour)

    def _DayOfWeek(self, item: LaneItem, feature: declare.DayOfWeek) -> float:
        return float(_moment(item).weekday())

    def _IsNight(self, item: LaneItem, feature: declare.IsNight) -> float:
        length = (feature.end - feature.start) % 24
        return float(_moment(item).hour in [(feature.start + hours) % 24 for hours in range(length)])

    def _IsWeekend(self, item: LaneItem, feature: declare.IsWeekend) -> float:
        return float(f"{_moment(item):%A}" in ("Saturday", "Sunday"))

    def _YearsSince(self, item: LaneItem, feature: declare.YearsSince) -> float:
        return _moment(item).year - _number(item, feature.field.name)

    def _Distance(self, item: LaneItem, feature: declare.Distance) -> float:
        return haversine_km(*(_number(item, point.name) for point in feature.points))

    def _Aggregate(self, item: LaneItem, feature: declare.Aggregate) -> float:
        window, tile = feature.window.us, feature.tile
        return self._window_value(
            item, feature, feature.function, feature.field_name, window, tile, feature.where
        )

    def _InSession(self, item: LaneItem, feature: declare.InSession) -> float:
        history = self._history(item, feature)
        if history is None:
            return NAN
        began, last, members = self._session(history, self._subject(item.type, feature), feature.gap.us)
        read = self._read_time(item, history)
        if began is None or last is None or read - last >= feature.gap.us:
            return 0.0
        if feature.function == "duration":
            return (read - began) / 1e6
        total = 0.0
        for member in members:
            value = 1.0 if feature.function == "count" else _number(member, feature.field_name)
            if not math.isnan(value):
                total += value if member.kind == "event" else -value
        return total

    @staticmethod
    def _session(
        history: History, subject: Subject, gap: int
    ) -> tuple[int | None, int | None, list[LaneItem]]:
        """When the last session began and had its last event, and its events and undoings, in lane order."""
        began: int | None = None
        last: int | None = None
        members: list[LaneItem] = []
        for applied in history.applied(subject):
            if applied.kind == "label":
                continue
            time = applied.occurred_at_us
            if applied.kind == "event" and (last is None or time >= last + gap):
                began, last, members = time, time, []
            if applied.kind == "event" and last is not None:
                last = max(last, time)
            if began is not None and last is not None and began <= time <= last:
                members.append(applied)
        return began, last, members

    def _Labeled(self, item: LaneItem, feature: declare.Labeled) -> float:
        history = self._history(item, feature)
        if history is None:
            return NAN
        read = self._read_time(item, history)
        first = (read - feature.delay.us - feature.window.us) // feature.tile
        end = (read - feature.delay.us) // feature.tile
        positives = events = 0.0
        for applied in history.applied(self._subject(item.type, feature)):
            if first <= applied.occurred_at_us // feature.tile < end:
                positives += applied.positive_delta if applied.kind == "label" else 0
                events += {"event": 1, "undo": -1, "label": 0}[applied.kind]
        if feature.function == "count":
            return positives
        return NAN if events == 0 else positives / events

    def _Distinct(self, item: LaneItem, feature: declare.Distinct) -> float:
        history = self._history(item, feature)
        if history is None:
            return NAN
        seen, cap = self._seen(item, feature, history)
        read = self._read_time(item, history)
        start = (read - feature.window.us) // feature.tile * feature.tile
        if seen.dropped is not None and start <= seen.dropped:
            name = f"{item.type}.{feature.name}"
            self.saturated[name] = self.saturated.get(name, 0) + 1
            return float(cap)
        return float(sum(last >= start for last in seen.last.values()))

    def _SinceLastSame(self, item: LaneItem, feature: declare.SinceLastSame) -> float:
        last = self._last_same(item, feature)
        return NAN if last is None else _seconds(item, last)

    def _IsNew(self, item: LaneItem, feature: declare.IsNew) -> float:
        if self._history(item, feature) is None or item.fields.get(feature.field.name) is None:
            return NAN
        return 1.0 if self._last_same(item, feature) is None else 0.0

    def _SinceLast(self, item: LaneItem, feature: declare.SinceLast) -> float:
        history = self._history(item, feature)
        events = [] if history is None else history.events(self._subject(item.type, feature))
        times = [event.occurred_at_us for event in events if self._fulfils(event, feature.where)]
        return _seconds(item, max(times)) if times else NAN

    def _SinceFirst(self, item: LaneItem, feature: declare.SinceFirst) -> float:
        history = self._history(item, feature)
        times = [] if history is None else [e.occurred_at_us for e in history.events()]
        return _seconds(item, min(times)) if times else NAN

    def _Last(self, item: LaneItem, feature: declare.Last) -> float:
        last = self._last_with(item, feature, feature.field.name)
        return NAN if last is None else _number(last, feature.field.name)

    def _Changed(self, item: LaneItem, feature: declare.Changed) -> float:
        name = feature.field.name
        last = self._last_with(item, feature, name)
        if last is None or item.fields.get(name) is None:
            return NAN
        return float(last.fields[name] != item.fields[name])

    def _last_with(self, item: LaneItem, feature: declare.OnEntity, name: str) -> LaneItem | None:
        """The event of the latest time that has a field; at equal times the later in the lane."""
        history = self._history(item, feature)
        events = [] if history is None else history.events(self._subject(item.type, feature))
        having = [event for event in events if event.fields.get(name) is not None]
        return max(having, key=lambda event: (event.occurred_at_us, event.seq), default=None)

    def _Traveled(self, item: LaneItem, feature: declare.Traveled) -> float:
        history = self._history(item, feature)
        last: tuple[int, float, float] | None = None
        for event in history.events(self._subject(item.type, feature)) if history is not None else ():
            there = _number(event, feature.latitude.name), _number(event, feature.longitude.name)
            known = not any(math.isnan(degrees) for degrees in there)
            if known and (last is None or event.occurred_at_us >= last[0]):
                last = (event.occurred_at_us, *there)
        if last is None:
            return NAN
        here = _number(item, feature.latitude.name), _number(item, feature.longitude.name)
        kilometers = haversine_km(last[1], last[2], *here)
        hours = max(60_000_000, item.occurred_at_us - last[0]) / 3.6e9
        return kilometers if feature.function == "distance" else kilometers / hours

    # --- what is usual ---

    def _usual(self, item: LaneItem, feature: declare.Expression) -> float:
        plain = _plain(feature)
        if isinstance(plain, declare.Aggregate):
            return self._usual_aggregate(item, plain)
        if isinstance(plain, declare.SinceLast):
            count = self._window_value(item, plain, "count", "", MONTH_US, MONTH_TILE, plain.where)
            age = self._age(item, plain)
            return NAN if age is None or not count > 0 else min(age, MONTH_US) / 1e6 / count
        if isinstance(plain, declare.FieldValue) and isinstance(plain.field, Money):
            of_first = declare.SinceLast((self._first_entity(item.type),), "")
            return self._window_value(item, of_first, "mean", plain.field.name, MONTH_US, MONTH_TILE)
        if (
            isinstance(plain, declare.Arithmetic)
            and plain.operator == "/"
            and isinstance(plain.left, declare.FieldValue)
            and isinstance(plain.right, declare.Aggregate)
            and (plain.right.function, plain.right.field_name) == ("mean", plain.left.field.name)
            and plain.right.where is None
        ):
            return NAN if math.isnan(self._value(item, plain)) else 1.0
        return NAN

    def _usual_aggregate(self, item: LaneItem, feature: declare.Aggregate) -> float:
        if not _has_monthly_usual(feature):
            return NAN
        if feature.function in ("count", "sum"):
            month = self._window_value(
                item, feature, feature.function, feature.field_name, MONTH_US, MONTH_TILE, feature.where
            )
            age = self._age(item, feature)
            if age is None or age < feature.window.us:
                return NAN
            return month * (feature.window.us / min(age, MONTH_US))
        return self._window_value(
            item, feature, "mean", feature.field_name, MONTH_US, MONTH_TILE, feature.where
        )

    def _age(self, item: LaneItem, feature: declare.OnEntity) -> int | None:
        history = self._history(item, feature)
        if history is None or not history.events():
            return None
        return self._read_time(item, history) - min(event.occurred_at_us for event in history.events())

    # --- windows ---

    def _history(self, item: LaneItem, feature: declare.OnEntity) -> History | None:
        """None where the item does not have the entity; an empty history where the entity is new."""
        subject = self._subject(item.type, feature)
        key = self._key(item, subject.kinds, subject.own)
        return None if key is None else self.histories.setdefault(key, History())

    def _read_time(self, item: LaneItem, history: History) -> int:
        latest = history.latest()
        return item.occurred_at_us if latest is None else max(item.occurred_at_us, latest)

    def _tiles_of(  # noqa: PLR0917
        self, item: LaneItem, history: History, subject: Subject, window: int, tile: int, where: Where
    ) -> dict[int, list[LaneItem]]:
        """The events (and their undoings) a window covers, by tile: floor((r - W)/w) to floor(r/w)."""
        read = self._read_time(item, history)
        tiles: dict[int, list[LaneItem]] = {
            number: [] for number in range((read - window) // tile, read // tile + 1)
        }
        for applied in history.applied(subject):
            counts = applied.kind != "label" and self._fulfils(applied, where)
            if counts and applied.occurred_at_us // tile in tiles:
                tiles[applied.occurred_at_us // tile].append(applied)
        return tiles

    def _window_value(  # noqa: PLR0911, PLR0917
        self,
        item: LaneItem,
        feature: declare.OnEntity,
        function: str,
        name: str,
        window: int,
        tile: int,
        where: Where = None,
    ) -> float:
        history = self._history(item, feature)
        if history is None:
            return NAN
        tiles = self._tiles_of(item, history, self._subject(item.type, feature), window, tile, where)
        if function in ("min", "max"):
            values = [_number(e, name) for members in tiles.values() for e in members if e.kind == "event"]
            values = [value for value in values if not math.isnan(value)]
            return (min if function == "min" else max)(values) if values else NAN
        if function == "count":
            return _total(
                [[1.0 if e.kind == "event" else -1.0 for e in members] for members in tiles.values()]
            )
        known = [
            [(1.0 if e.kind == "event" else -1.0, _number(e, name)) for e in members]
            for members in tiles.values()
        ]
        known = [[(sign, value) for sign, value in members if not math.isnan(value)] for members in known]
        total = _total([[sign * value for sign, value in members] for members in known])
        if function == "sum":
            return total
        count = _total([[sign for sign, _ in members] for members in known])
        if function == "mean":
            return NAN if count == 0 else total / count
        squares = _total([[sign * (value * value) for sign, value in members] for members in known])
        if not count > 0:
            return NAN
        mean = total / count
        return math.sqrt(max(0.0, squares / count - mean * mean))

    def _seen(self, item: LaneItem, feature: Any, history: History) -> tuple[Seen, int]:
        subject, where = self._subject(item.type, feature), getattr(feature, "where", None)
        of_map = (subject.of, subject.role, feature.field.name, feature.cap, where)
        return history.seen.get(of_map, Seen()), feature.cap

    def _last_same(self, item: LaneItem, feature: Any) -> int | None:
        history = self._history(item, feature)
        value = item.fields.get(feature.field.name)
        if history is None or value is None:
            return None
        seen, cap = self._seen(item, feature, history)
        return seen.kept(cap).get(value)


def haversine_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    if any(math.isnan(degrees) for degrees in (latitude, longitude, other_latitude, other_longitude)):
        return NAN
    radians = math.pi / 180.0
    north = math.sin((other_latitude - latitude) * radians / 2.0)
    east = math.sin((other_longitude - longitude) * radians / 2.0)
    chord = north * north + math.cos(latitude * radians) * math.cos(other_latitude * radians) * (east * east)
    return 2.0 * 6371.0088 * math.asin(math.sqrt(min(1.0, chord)))


def _plain(feature: declare.Expression) -> declare.Expression:
    return feature.inner if isinstance(feature, declare.Named) else feature


def _parts(feature: declare.Expression) -> list[declare.Expression]:
    if isinstance(feature, declare.Named):
        return _parts(feature.inner)
    if isinstance(feature, declare.Arithmetic):
        return [feature, *_parts(feature.left), *_parts(feature.right)]
    return [feature]


def _kind(declared: Field) -> str:
    return declared.kind if isinstance(declared, (Entity, Category)) else ""


def _has_monthly_usual(feature: declare.Aggregate) -> bool:
    if feature.function == "std":
        return False
    return feature.window.us < MONTH_US or feature.function in ("min", "max")


def _number(item: LaneItem, name: str) -> float:
    value = item.fields.get(name)
    if value is None:
        return NAN
    return float(value.get("base_minor", value["minor"]) if isinstance(value, dict) else value)


def _moment(item: LaneItem) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=item.occurred_at_us)


def _seconds(item: LaneItem, earlier: int) -> float:
    return max(0, item.occurred_at_us - earlier) / 1e6


def _total(tiles: Sequence[Sequence[float]]) -> float:
    """Lane order inside a tile, tiles oldest to newest."""
    total = 0.0
    for members in tiles:
        inside = 0.0
        for value in members:
            inside += value
        total += inside
    return total
