"""What can be said about an entity: the words of `card.amount.mean(over="24h")`."""

from typing import TypedDict, cast

from scoring.declare.aggregates import DEFAULT_CAP, Aggregate, Distinct, InSession, Labelled
from scoring.declare.conditions import Choosable, Condition, as_condition
from scoring.declare.expression import Expression, NamedField, check_field, one_or_several
from scoring.declare.origin import Origin
from scoring.declare.recency import (
    Changed,
    IsNew,
    Last,
    SinceFirst,
    SinceLast,
    SinceLastSame,
    Travelled,
)
from scoring.declare.window import Window, parse_delay, parse_tile, parse_windows

Keys = tuple[NamedField, ...]
Role = tuple[NamedField | str, ...]
Where = Condition | Choosable | None


class Whose(TypedDict):
    """Whose events a word is about, as every expression on an entity takes it."""

    keys: Keys
    role: Role
    says: str


class AmountsOf:
    """A numeric field seen per entity: `card.amount`."""

    def __init__(self, whose: Whose, field_name: str) -> None:
        self._whose = whose
        self._field_name = field_name

    def __call__(self, *_: object, **__: object) -> None:
        raise Origin.here().error(f"{self._field_name!r} is no word for an entity")

    def __getattr__(self, word: str) -> None:
        if not word.startswith("_"):
            raise Origin.here().error(f"{word!r} is no word for a field; there are sum, mean, std, min, max")
        raise AttributeError(word)

    def sum(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "sum", self._field_name, over, of, where, tile)

    def mean(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "mean", self._field_name, over, of, where, tile)

    def std(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "std", self._field_name, over, of, where, tile)

    def min(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "min", self._field_name, over, of, where, tile)

    def max(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        return _aggregates(self._whose, "max", self._field_name, over, of, where, tile)


def _aggregates(  # noqa: PLR0917 -- the words of a declaration, in their order
    whose: Whose, function: str, field_name: str, over: str, of: str, where: Where, tile: str | None
) -> Expression:
    origin = Origin.here()
    condition = _condition(where, origin)
    return one_or_several(
        [
            Aggregate(
                of=of,
                function=function,
                field_name=field_name,
                window=window,
                tile=parse_tile(window, tile, origin),
                where=condition,
                origin=origin,
                **whose,
            )
            for window in parse_windows(over, origin)
        ]
    )


def _condition(where: Where, origin: Origin) -> Condition | None:
    return None if where is None else as_condition(where, origin)


class Session:
    """The entity's present session; as a Python name, `card.session(gap="30m").amount` is a field in it."""

    def __init__(self, whose: Whose, of: str, gap: Window) -> None:
        self._whose = whose
        self._of = of
        self._gap = gap

    def __getattr__(self, name: str) -> "AmountInSession":
        if name.startswith("_"):
            raise AttributeError(name)
        return AmountInSession(self._whose, self._of, self._gap, name)

    def count(self) -> Expression:
        """How many events."""
        return InSession(of=self._of, function="count", field_name="", gap=self._gap, **self._whose)

    def duration(self) -> Expression:
        """Seconds since it began."""
        return InSession(of=self._of, function="duration", field_name="", gap=self._gap, **self._whose)


class AmountInSession:
    """A numeric field over the entity's present session."""

    def __init__(self, whose: Whose, of: str, gap: Window, field_name: str) -> None:
        self._whose = whose
        self._of = of
        self._gap = gap
        self._field_name = field_name

    def __getattr__(self, word: str) -> None:
        if not word.startswith("_"):
            raise Origin.here().error(f"{word!r} is no word for a field of a session; there is sum")
        raise AttributeError(word)

    def sum(self) -> Expression:
        """The running total."""
        return InSession(
            of=self._of, function="sum", field_name=self._field_name, gap=self._gap, **self._whose
        )


class EntityVocabulary:
    """What can be said about an entity, or about a pair of them."""

    _role: Role = ()
    _wording = ""

    def keys(self) -> Keys:
        return (cast(NamedField, self),)

    def as_(self, *fields: NamedField | str, says: str = "") -> "InRole":
        """The same entities where they stand in other fields of the counted events: `sender.as_(receiver)`.

        With `of=`, fields of that event type by name: `account.as_("receiver")`. `says`: how reasons speak
        of those events: "received by this sender".
        """
        keys = self.keys()
        if self._role:
            raise Origin.here().error("as_() is said once, of an entity or a pair")
        if len(fields) != len(keys):
            raise Origin.here().error(
                f"as_() names a field for each entity: {len(keys)} here, not {len(fields)}"
            )
        for named in fields:
            if not isinstance(named, str):
                check_field(named)
        return InRole(keys, fields, says)

    def _whose(self) -> Whose:
        return {"keys": self.keys(), "role": self._role, "says": self._wording}

    def __getattr__(self, name: str) -> AmountsOf:
        if name.startswith("_"):
            raise AttributeError(name)
        return AmountsOf(self._whose(), name)

    def field(self, name: str) -> AmountsOf:
        """A numeric field whose name is also a word of this vocabulary."""
        return AmountsOf(self._whose(), name)

    def count(self, *, over: str, of: str = "", where: Where = None, tile: str | None = None) -> Expression:
        """How many events."""
        return _aggregates(self._whose(), "count", "", over, of, where, tile)

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
                    of=of,
                    field=field,
                    window=window,
                    tile=parse_tile(window, tile, origin),
                    cap=cap,
                    where=condition,
                    origin=origin,
                    **self._whose(),
                )
                for window in parse_windows(over, origin)
            ]
        )

    def session(self, *, gap: str, of: str = "") -> Session:
        """The events since the last silence of at least `gap`."""
        return Session(self._whose(), of, Window.parse(gap, Origin.here()))

    def since_last(self, *, of: str = "", where: Where = None) -> Expression:
        return SinceLast(of=of, where=_condition(where, Origin.here()), **self._whose())

    def since_first(self) -> Expression:
        if self._role:
            raise Origin.here().error("since_first() is since the first event in any role; leave out as_()")
        return SinceFirst(self.keys(), "")

    def since_last_same(self, field: NamedField, *, of: str = "", cap: int = DEFAULT_CAP) -> Expression:
        check_field(field)
        return SinceLastSame(of=of, field=field, cap=cap, **self._whose())

    def is_new(self, field: NamedField, *, of: str = "", cap: int = DEFAULT_CAP) -> Expression:
        check_field(field)
        return IsNew(of=of, field=field, cap=cap, **self._whose())

    def last(self, field: NamedField, *, of: str = "") -> Expression:
        """The number that the last event had."""
        check_field(field)
        return Last(of=of, field=field, **self._whose())

    def changed(self, field: NamedField, *, of: str = "") -> Expression:
        """Whether a value differs from the last event's."""
        check_field(field)
        return Changed(of=of, field=field, **self._whose())

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
                    of=of,
                    function=function,
                    window=window,
                    delay=lag,
                    tile=parse_tile(window, tile, origin),
                    origin=origin,
                    **self._whose(),
                )
                for window in parse_windows(over, origin)
            ]
        )

    def distance_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        return self._travelled("distance", latitude, longitude)

    def speed_from_last(self, latitude: NamedField, longitude: NamedField) -> Expression:
        return self._travelled("speed", latitude, longitude)

    def _travelled(self, function: str, latitude: NamedField, longitude: NamedField) -> Expression:
        check_field(latitude)
        check_field(longitude)
        return Travelled(of="", function=function, latitude=latitude, longitude=longitude, **self._whose())


class InRole(EntityVocabulary):
    """Entities where they stand in named fields of the events counted."""

    def __init__(self, keys: Keys, role: Role, wording: str) -> None:
        self._keys, self._role, self._wording = keys, role, wording

    def keys(self) -> Keys:
        return self._keys

    def role(self) -> Role:
        return self._role


class Pair(EntityVocabulary):
    """Two entities (or an entity and a category) as an entity of its own."""

    def __init__(self, first: NamedField, second: NamedField) -> None:
        self._fields = (first, second)

    def keys(self) -> Keys:
        return self._fields


def pair(first: NamedField, second: NamedField) -> Pair:
    for field in (first, second):
        if isinstance(field, (InRole, Pair)):
            raise Origin.here().error("pair() takes two fields; as_() comes after it: pair(a, b).as_(c, d)")
        check_field(field)
    return Pair(first, second)
