"""What can be said about an entity: the words of `card.amount.mean(over="24h")`."""

from typing import cast

from scoring.features.declare.aggregates import DEFAULT_CAP, Aggregate, Distinct, InSession, Labelled
from scoring.features.declare.conditions import Choosable, Condition, as_condition
from scoring.features.declare.expression import Expression, NamedField, check_field, one_or_several
from scoring.features.declare.origin import Origin
from scoring.features.declare.recency import (
    Changed,
    IsNew,
    Last,
    SinceFirst,
    SinceLast,
    SinceLastSame,
    Travelled,
)
from scoring.features.declare.window import Window, parse_delay, parse_tile, parse_windows

Keys = tuple[NamedField, ...]
Where = Condition | Choosable | None


class AmountsOf:
    """A numeric field seen per entity: `card.amount`."""

    def __init__(self, keys: Keys, field_name: str) -> None:
        self._keys = keys
        self._field_name = field_name

    def __call__(self, *_: object, **__: object) -> None:
        raise Origin.here().error(f"{self._field_name!r} is no word for an entity")

    def __getattr__(self, word: str) -> None:
        if not word.startswith("_"):
            raise Origin.here().error(f"{word!r} is no word for a field; there are sum, mean, std, min, max")
        raise AttributeError(word)

    def sum(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._keys, "sum", self._field_name, over, of, where, tile)

    def mean(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._keys, "mean", self._field_name, over, of, where, tile)

    def std(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._keys, "std", self._field_name, over, of, where, tile)

    def min(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._keys, "min", self._field_name, over, of, where, tile)

    def max(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._keys, "max", self._field_name, over, of, where, tile)


def _aggregates(  # noqa: PLR0917 -- the words of a declaration, in their order
    keys: Keys, function: str, field_name: str, over: str, of: str, where: Where, tile: str | None
) -> Expression:
    origin = Origin.here()
    condition = _condition(where, origin)
    return one_or_several(
        [
            Aggregate(
                keys,
                of,
                function,
                field_name,
                window,
                parse_tile(window, tile, origin),
                condition,
                origin=origin,
            )
            for window in parse_windows(over, origin)
        ]
    )


def _condition(where: Where, origin: Origin) -> Condition | None:
    return None if where is None else as_condition(where, origin)


class Session:
    """The entity's present session; as a Python name, `card.session(gap="30m").amount` is a field in it."""

    def __init__(self, keys: Keys, of: str, gap: Window) -> None:
        self._keys = keys
        self._of = of
        self._gap = gap

    def __getattr__(self, name: str) -> "AmountInSession":
        if name.startswith("_"):
            raise AttributeError(name)
        return AmountInSession(self._keys, self._of, self._gap, name)

    def count(self) -> Expression:
        """How many events."""
        return InSession(self._keys, self._of, "count", "", self._gap)

    def duration(self) -> Expression:
        """Seconds since it began."""
        return InSession(self._keys, self._of, "duration", "", self._gap)


class AmountInSession:
    """A numeric field over the entity's present session."""

    def __init__(self, keys: Keys, of: str, gap: Window, field_name: str) -> None:
        self._keys = keys
        self._of = of
        self._gap = gap
        self._field_name = field_name

    def __getattr__(self, word: str) -> None:
        if not word.startswith("_"):
            raise Origin.here().error(f"{word!r} is no word for a field of a session; there is sum")
        raise AttributeError(word)

    def sum(self) -> Expression:
        """The running total."""
        return InSession(self._keys, self._of, "sum", self._field_name, self._gap)


class EntityVocabulary:
    """What can be said about an entity, or about a pair of them."""

    def keys(self) -> Keys:
        return (cast(NamedField, self),)

    def __getattr__(self, name: str) -> AmountsOf:
        if name.startswith("_"):
            raise AttributeError(name)
        return AmountsOf(self.keys(), name)

    def field(self, name: str) -> AmountsOf:
        """A numeric field whose name is also a word of this vocabulary."""
        return AmountsOf(self.keys(), name)

    def count(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        """How many events."""
        return _aggregates(self.keys(), "count", "", over, of, where, tile)

    def distinct(
        self,
        field: NamedField,
        *,
        over: str,
        of: str = "",
        where: Where = None,
        cap: int = DEFAULT_CAP,
        tile: str | None = None,
    ) -> Expression:
        """How many different values of a field."""
        check_field(field)
        origin = Origin.here()
        condition = _condition(where, origin)
        return one_or_several(
            [
                Distinct(
                    self.keys(),
                    of,
                    field,
                    window,
                    parse_tile(window, tile, origin),
                    cap,
                    condition,
                    origin=origin,
                )
                for window in parse_windows(over, origin)
            ]
        )

    def session(self, *, gap: str, of: str = "") -> Session:
        """The events since the last silence of at least `gap`."""
        return Session(self.keys(), of, Window.parse(gap, Origin.here()))

    def since_last(self, *, of: str = "", where: Where = None) -> Expression:
        return SinceLast(self.keys(), of, _condition(where, Origin.here()))

    def since_first(self) -> Expression:
        return SinceFirst(self.keys(), "")

    def since_last_same(self, field: NamedField, *, of: str = "", cap: int = DEFAULT_CAP) -> Expression:
        check_field(field)
        return SinceLastSame(self.keys(), of, field, cap)

    def is_new(self, field: NamedField, *, of: str = "", cap: int = DEFAULT_CAP) -> Expression:
        check_field(field)
        return IsNew(self.keys(), of, field, cap)

    def last(self, field: NamedField, *, of: str = "") -> Expression:
        """The number that the last event had."""
        check_field(field)
        return Last(self.keys(), of, field)

    def changed(self, field: NamedField, *, of: str = "") -> Expression:
        """Whether a value differs from the last event's."""
        check_field(field)
        return Changed(self.keys(), of, field)

    def fraud_share(self, *, over: str, delay: str, of: str = "", tile: str | None = None) -> Expression:
        return self._labelled("share", over, delay, of, tile)

    def fraud_count(self, *, over: str, delay: str, of: str = "", tile: str | None = None) -> Expression:
        return self._labelled("count", over, delay, of, tile)

    def _labelled(self, function: str, over: str, delay: str, of: str, tile: str | None) -> Expression:
        origin = Origin.here()
        lag = parse_delay(delay, origin)
        return one_or_several(
            [
                Labelled(
                    self.keys(), of, function, window, lag, parse_tile(window, tile, origin), origin=origin
                )
                for window in parse_windows(over, origin)
            ]
        )

    def distance_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        check_field(latitude)
        check_field(longitude)
        return Travelled(self.keys(), "", "distance", latitude, longitude)

    def speed_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        check_field(latitude)
        check_field(longitude)
        return Travelled(self.keys(), "", "speed", latitude, longitude)


class Pair(EntityVocabulary):
    """Two entities (or an entity and a category) as an entity of its own."""

    def __init__(self, first: NamedField, second: NamedField) -> None:
        self._fields = (first, second)

    def keys(self) -> Keys:
        return self._fields


def pair(first: NamedField, second: NamedField) -> Pair:
    check_field(first)
    check_field(second)
    return Pair(first, second)
