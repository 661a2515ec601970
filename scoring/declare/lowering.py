"""The target of lowering: operations on registers, over an event and the states of its entities."""

from typing import Any, Protocol, TypeVar

from scoring.declare.conditions import Condition
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import FieldTypes, NamedField
from scoring.declare.protocols.views import FeatureView

Register = int
Operand = Any  # a number, a register, or a location known only once the lane's states are laid out


class EntityKeys(Protocol):
    """Which states a word reads: see `OnEntity`."""

    @property
    def keys(self) -> tuple[NamedField, ...]: ...
    @property
    def of(self) -> str: ...
    @property
    def role(self) -> tuple[NamedField | str, ...]: ...
    @property
    def role_names(self) -> tuple[str, ...]: ...
    @property
    def origin(self) -> Origin: ...


class Subject(Protocol):
    """The states that a word reads, and the events that are counted there."""

    @property
    def key(self) -> Operand:
        """Where items have the key of their state."""
        ...

    @property
    def first_seen(self) -> Operand:
        """Where a state has the time its entity was first seen."""
        ...


SomeSubject = TypeVar("SomeSubject", bound=Subject)


class ProgramOf(Protocol[SomeSubject]):
    """The program of one event type; `scoring.features` implements it, with subjects of its own.

    Methods that take an `origin` raise CatalogError there if the catalog lacks what they are asked for.
    """

    def emit(self, operation: str, *arguments: Operand) -> Register:
        """The register of an operation's result; equal operations are done once.

        `operation` is the name of a reading operation in `scoring.features` opcodes, in small letters.
        """
        ...

    def constant(self, value: float) -> Register: ...

    def clock(self) -> Operand:
        """The time zone whose clocks tell the hour and day of the event."""
        ...

    def item_value(self, column: str) -> Register:
        """The number that items carry under this name."""
        ...

    def view_value(self, view: FeatureView, column: str) -> Register:
        """A value of a batch view, which items carry under this name."""
        ...

    def own_field(self, field: NamedField, types: FieldTypes, origin: Origin) -> str:
        """The name of a field that must be the event's own, and of one of these types."""
        ...

    def own_policy(self, policy: str, origin: Origin) -> None:
        """Refuses a policy that the event type does not declare; "" is any."""
        ...

    def own_value(self, field: NamedField, types: FieldTypes, origin: Origin) -> Register:
        """The number in such a field."""
        ...

    def own_hash(self, field: NamedField, origin: Origin) -> Operand:
        """Where items have the hash of the event's own entity, category or text."""
        ...

    def subject(self, word: EntityKeys) -> SomeSubject: ...

    def first_entity(self) -> SomeSubject | None:
        """The states of the first entity that the event type declares; None without one."""
        ...

    def counted_field(
        self, subject: SomeSubject, field: NamedField | str, types: FieldTypes, origin: Origin
    ) -> None:
        """Refuses a field that the counted event type lacks, or has of another type."""
        ...

    def condition(self, subject: SomeSubject, where: Condition | None, origin: Origin) -> str:
        """The canonical text under which events that fulfill a condition are counted; "" without one."""
        ...

    def aggregate(
        self, subject: SomeSubject, function: str, field: str, *, window: int, tile: int, where: str
    ) -> Register:
        """The "count" of events, or "sum", "mean", "std", "min" or "max" of a field; in microseconds."""
        ...

    def lagged_sum(
        self, subject: SomeSubject, measure: str, *, window: int, delay: int, tile: int
    ) -> Register:
        """Events ("count") or confirmed positives ("positive") in [t - delay - window, t - delay)."""
        ...

    def part(
        self, subject: SomeSubject, what: str, fields: tuple[str, ...] = (), *, where: str = "", size: int = 0
    ) -> Operand:
        """Where states have a part beside their windows: "last", "value", "hash", "point" or "session"."""
        ...

    def value_map(
        self, subject: SomeSubject, field: NamedField, cap: int, origin: Origin, *, where: str = ""
    ) -> Operand:
        """Where states have the map from the values of a field to when each was last seen."""
        ...

    def saturable(self, feature: str) -> int:
        """The number under which reads of this feature from a full map are counted."""
        ...


Program = ProgramOf[Any]
