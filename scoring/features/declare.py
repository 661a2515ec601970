"""The words features are declared in.

Nothing is computed here: each word makes an expression, a small immutable description with a stable name,
that `scoring.features.plan` compiles for the kernel. What exactly each one means is written in
docs/features.md.
"""

import dataclasses
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from scoring.errors import CatalogError

_UNITS_US = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_WINDOW = re.compile(r"([1-9][0-9]*)([smhd])")
_NO_TIME = re.compile(r"0[smhd]?")
TILES_PER_WINDOW = 12
DEFAULT_CAP = 32


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was declared: what a CatalogError names."""

    module: str
    line: int

    @classmethod
    def here(cls) -> "Origin":
        """The nearest caller outside the vocabulary itself."""
        frame = sys._getframe(1)
        while frame.f_back and frame.f_globals.get("__name__") in _OWN_MODULES:
            frame = frame.f_back
        return cls(frame.f_globals.get("__name__", "?"), frame.f_lineno)

    def error(self, problem: str) -> CatalogError:
        return CatalogError(problem, module=self.module, line=self.line)


_OWN_MODULES = {__name__, "scoring.catalog.fields", "dataclasses"}


class NamedField(Protocol):
    """What the vocabulary needs of a field. The name is known only once the class body is done."""

    name: str

    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Window:
    """A length of time: microseconds, and as the declaration wrote it."""

    us: int
    label: str

    @classmethod
    def parse(cls, text: str, origin: Origin) -> "Window":
        match = _WINDOW.fullmatch(text)
        if match is None:
            raise origin.error(f"{text!r} is not a length of time; write for example '5m', '24h' or '30d'")
        return cls(int(match[1]) * _UNITS_US[match[2]], text)


def _parse_windows(over: str, origin: Origin) -> list[Window]:
    windows = [Window.parse(word, origin) for word in over.split()]
    if not windows:
        raise origin.error("over= names no window")
    return windows


def _parse_tile(window: Window, tile: str | None, origin: Origin) -> int:
    """Tile width in microseconds: window/12, or `tile=` if that divides the window and is not coarser."""
    if tile is None:
        if window.us % TILES_PER_WINDOW:
            raise origin.error(
                f"window {window.label} is not divisible by its tile (window/{TILES_PER_WINDOW})"
            )
        return window.us // TILES_PER_WINDOW
    width = Window.parse(tile, origin).us
    if window.us % width:
        raise origin.error(f"window {window.label} is not divisible by its tile {tile}")
    if width * TILES_PER_WINDOW > window.us:
        raise origin.error(f"tile {tile} is coarser than a twelfth of window {window.label}")
    return width


class Operand:
    """Anything features are computed with: it can be divided, subtracted and named."""

    def expression(self) -> "Expression":
        raise NotImplementedError

    def __truediv__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("/", self, other)

    def __rtruediv__(self, other: float) -> "Arithmetic":
        return _arithmetic("/", other, self)

    def __sub__(self, other: "Operand | float") -> "Arithmetic":
        return _arithmetic("-", self, other)

    def __rsub__(self, other: float) -> "Arithmetic":
        return _arithmetic("-", other, self)

    def named(self, name: str, says: str = "") -> "Named":
        """The same feature under its own name; `says` words it in reasons ("{value}": the value)."""
        return Named(self.expression(), name, says)


class Expression(Operand):
    """A feature. `name` is stable: models, reasons and dashboards know the feature by it."""

    origin: Origin

    def expression(self) -> "Expression":
        return self

    @property
    def name(self) -> str:
        raise NotImplementedError


def _arithmetic(operator: str, left: Operand | float, right: Operand | float) -> "Arithmetic":
    return Arithmetic(operator, as_expression(left), as_expression(right))


def as_expression(value: "Operand | float | Several") -> Expression:
    """What stands in arithmetic: a feature, a field, or a number."""
    if isinstance(value, Operand):
        return value.expression()
    if isinstance(value, Several):
        raise Origin.here().error("an expression needs one window; this one has several")
    return Constant(float(value))


@dataclass(frozen=True)
class Named(Expression):
    inner: Expression
    own_name: str
    says: str = ""
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.own_name


@dataclass(frozen=True)
class Constant(Expression):
    value: float
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.value:g}"


@dataclass(frozen=True)
class Arithmetic(Expression):
    """left / right or left - right; NaN where a side is missing or the divisor is 0."""

    operator: str
    left: Expression
    right: Expression
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.left.name}_{'to' if self.operator == '/' else 'minus'}_{self.right.name}"


@dataclass(frozen=True)
class FieldValue(Expression):
    """The event's own amount, number, flag (1 or 0) or category code (1-based; 0 unknown)."""

    field: NamedField
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.field.name


@dataclass(frozen=True)
class HourOfDay(Expression):
    """0 to 23, UTC."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return "hour_of_day"


@dataclass(frozen=True)
class DayOfWeek(Expression):
    """0 (Monday) to 6, UTC."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return "day_of_week"


@dataclass(frozen=True)
class YearsSince(Expression):
    """The event's calendar year (UTC) less the year in a number field."""

    field: NamedField
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"years_since_{self.field.name}"


@dataclass(frozen=True)
class Distance(Expression):
    """Great-circle kilometres between two points given in degrees."""

    points: tuple[NamedField, NamedField, NamedField, NamedField]
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return "_".join(["distance", *(point.name for point in self.points)])


@dataclass(frozen=True)
class OnEntity(Expression):
    """Read from the state of an entity or a pair. `of`: the event type counted; the own one if empty."""

    keys: tuple[NamedField, ...]
    of: str

    @property
    def entity(self) -> str:
        return "_x_".join(key.name for key in self.keys)

    @property
    def subject(self) -> str:
        return f"{self.entity}_{self.of}" if self.of else self.entity


@dataclass(frozen=True)
class Aggregate(OnEntity):
    """count, sum, mean, std (population), min or max over a window."""

    function: str
    field_name: str
    window: Window
    tile: int
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        words = [self.subject, self.field_name, self.function, self.window.label]
        return "_".join(word for word in words if word)


@dataclass(frozen=True)
class Distinct(OnEntity):
    """How many values of a field the entity has shown in a window, exact up to `cap`."""

    field: NamedField
    window: Window
    tile: int
    cap: int
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_distinct_{self.field.name}_{self.window.label}"


@dataclass(frozen=True)
class SinceLast(OnEntity):
    """Seconds since the entity's last event; NaN for its first."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_since_last"


@dataclass(frozen=True)
class SinceFirst(OnEntity):
    """Seconds since the entity was first seen, by any event type; NaN for its first event."""

    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_since_first"


@dataclass(frozen=True)
class SinceLastSame(OnEntity):
    """Seconds since the entity last showed this value of a field; NaN if it is not known to have."""

    field: NamedField
    cap: int
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_since_last_same_{self.field.name}"


@dataclass(frozen=True)
class IsNew(OnEntity):
    """1 when the entity is not known to have shown this value of a field, else 0; NaN without a value."""

    field: NamedField
    cap: int
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_new_{self.field.name}"


@dataclass(frozen=True)
class Labelled(OnEntity):
    """Over events in [t - delay - window, t - delay): confirmed positives ("count") or their share of all."""

    function: str
    window: Window
    delay: Window
    tile: int
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_fraud_{self.function}_{self.window.label}_after_{self.delay.label}"


@dataclass(frozen=True)
class Travelled(OnEntity):
    """Kilometres ("distance"), or kilometres an hour ("speed"), from the entity's last known point."""

    function: str
    latitude: NamedField
    longitude: NamedField
    origin: Origin = dataclasses.field(default_factory=Origin.here, compare=False, repr=False)

    @property
    def name(self) -> str:
        return f"{self.subject}_{self.function}_from_last_{self.latitude.name}"


class Several(Sequence[Expression]):
    """The same word over several windows: as many features."""

    def __init__(self, members: list[Expression]) -> None:
        self._members = members

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._members[index]

    def __len__(self) -> int:
        return len(self._members)

    def __truediv__(self, other: Operand | float) -> "Several":
        return Several([member / other for member in self._members])

    def __rtruediv__(self, other: Operand | float) -> "Several":
        return Several([_arithmetic("/", other, member) for member in self._members])


def _one_or_several(members: list[Expression]) -> Expression:
    """One window: the feature itself, ready for arithmetic. Several: a sequence, declared as one line."""
    return members[0] if len(members) == 1 else cast(Expression, Several(members))


class AmountsOf:
    """A numeric field seen per entity: `card.amount`."""

    def __init__(self, keys: tuple[NamedField, ...], field_name: str) -> None:
        self._keys = keys
        self._field_name = field_name

    def _over(self, function: str, over: str, of: str, tile: str | None) -> Expression:
        return _aggregates(self._keys, function, self._field_name, over=over, of=of, tile=tile)

    def sum(self, *, over: str, of: str = "", tile: str | None = None) -> Expression:
        return self._over("sum", over, of, tile)

    def mean(self, *, over: str, of: str = "", tile: str | None = None) -> Expression:
        return self._over("mean", over, of, tile)

    def std(self, *, over: str, of: str = "", tile: str | None = None) -> Expression:
        return self._over("std", over, of, tile)

    def min(self, *, over: str, of: str = "", tile: str | None = None) -> Expression:
        return self._over("min", over, of, tile)

    def max(self, *, over: str, of: str = "", tile: str | None = None) -> Expression:
        return self._over("max", over, of, tile)


def _aggregates(
    keys: tuple[NamedField, ...], function: str, field_name: str, *, over: str, of: str, tile: str | None
) -> Expression:
    origin = Origin.here()
    return _one_or_several(
        [
            Aggregate(keys, of, function, field_name, window, _parse_tile(window, tile, origin), origin)
            for window in _parse_windows(over, origin)
        ]
    )


class EntityVocabulary:
    """What can be said about an entity, or about a pair of them."""

    def keys(self) -> tuple[NamedField, ...]:
        return (cast(NamedField, self),)

    def __getattr__(self, name: str) -> AmountsOf:
        if name.startswith("_"):
            raise AttributeError(name)
        return AmountsOf(self.keys(), name)

    def field(self, name: str) -> AmountsOf:
        """A numeric field whose name is also a word of this vocabulary."""
        return AmountsOf(self.keys(), name)

    def count(self, *, over: str, of: str = "", tile: str | None = None) -> Expression:
        """How many events."""
        return _aggregates(self.keys(), "count", "", over=over, of=of, tile=tile)

    def distinct(
        self, field: NamedField, *, over: str, of: str = "", cap: int = DEFAULT_CAP, tile: str | None = None
    ) -> Expression:
        """How many different values of a field."""
        origin = Origin.here()
        return _one_or_several(
            [
                Distinct(self.keys(), of, field, window, _parse_tile(window, tile, origin), cap, origin)
                for window in _parse_windows(over, origin)
            ]
        )

    def since_last(self, *, of: str = "") -> Expression:
        return SinceLast(self.keys(), of)

    def since_first(self) -> Expression:
        return SinceFirst(self.keys(), "")

    def since_last_same(self, field: NamedField, *, cap: int = DEFAULT_CAP) -> Expression:
        return SinceLastSame(self.keys(), "", field, cap)

    def is_new(self, field: NamedField, *, cap: int = DEFAULT_CAP) -> Expression:
        return IsNew(self.keys(), "", field, cap)

    def fraud_share(self, *, over: str, delay: str, of: str = "", tile: str | None = None) -> Expression:
        return self._labelled("share", over, delay, of, tile)

    def fraud_count(self, *, over: str, delay: str, of: str = "", tile: str | None = None) -> Expression:
        return self._labelled("count", over, delay, of, tile)

    def _labelled(self, function: str, over: str, delay: str, of: str, tile: str | None) -> Expression:
        origin = Origin.here()
        lag = Window(0, "0d") if _NO_TIME.fullmatch(delay) else Window.parse(delay, origin)
        return _one_or_several(
            [
                Labelled(self.keys(), of, function, window, lag, _parse_tile(window, tile, origin), origin)
                for window in _parse_windows(over, origin)
            ]
        )

    def distance_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        return Travelled(self.keys(), "", "distance", latitude, longitude)

    def speed_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        return Travelled(self.keys(), "", "speed", latitude, longitude)


class Pair(EntityVocabulary):
    """Two entities (or an entity and a category) as an entity of its own."""

    def __init__(self, first: NamedField, second: NamedField) -> None:
        self._fields = (first, second)

    def keys(self) -> tuple[NamedField, ...]:
        return self._fields


def pair(first: NamedField, second: NamedField) -> Pair:
    return Pair(first, second)


def hour_of_day() -> Expression:
    return HourOfDay()


def day_of_week() -> Expression:
    return DayOfWeek()


def years_since(field: NamedField) -> Expression:
    return YearsSince(field)


def distance(
    latitude: NamedField, longitude: NamedField, other_latitude: NamedField, other_longitude: NamedField
) -> Expression:
    return Distance((latitude, longitude, other_latitude, other_longitude))


def iter_features(declared: Sequence[object]) -> Iterator[Expression]:
    """The features of an event type one by one, in order; fields stand for their own value."""
    for entry in declared:
        if isinstance(entry, Several):
            yield from entry
        elif isinstance(entry, Operand):
            yield entry.expression()
        else:
            raise Origin.here().error(f"{entry!r} is not a feature")
