"""What can be said about an entity: the words of `card.amount.mean(over="24h")`."""

from typing import cast

from scoring.features.declare.aggregates import Aggregate, Distinct, Labelled
from scoring.features.declare.expression import Expression, NamedField, one_or_several
from scoring.features.declare.origin import Origin
from scoring.features.declare.recency import IsNew, SinceFirst, SinceLast, SinceLastSame, Travelled
from scoring.features.declare.window import parse_delay, parse_tile, parse_windows

DEFAULT_CAP = 32


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
    return one_or_several(
        [
            Aggregate(keys, of, function, field_name, window, parse_tile(window, tile, origin), origin)
            for window in parse_windows(over, origin)
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
        return one_or_several(
            [
                Distinct(self.keys(), of, field, window, parse_tile(window, tile, origin), cap, origin)
                for window in parse_windows(over, origin)
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
        lag = parse_delay(delay, origin)
        return one_or_several(
            [
                Labelled(self.keys(), of, function, window, lag, parse_tile(window, tile, origin), origin)
                for window in parse_windows(over, origin)
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
