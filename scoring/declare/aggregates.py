"""Features read from the state of an entity: over a window, or over its present session."""

import dataclasses
from dataclasses import dataclass

from scoring.declare.conditions import Condition
from scoring.declare.expression import Expression, NamedField, call, literal
from scoring.declare.window import Window, tile_text

DEFAULT_CAP = 32
# What `card.x` already means, so that a field of this name is written card.field("x").
TAKEN = frozenset(
    [
        "as_",
        "card_numbers",
        "changed",
        "count",
        "distance_from_last",
        "distinct",
        "field",
        "format",
        "fraud_count",
        "fraud_share",
        "help",
        "is_new",
        "json_schema",
        "keys",
        "kind",
        "last",
        "max_length",
        "name",
        "optional",
        "origin",
        "parse",
        "personal",
        "read_cell",
        "says",
        "session",
        "since_first",
        "since_last",
        "since_last_same",
        "speed_from_last",
    ]
)


@dataclass(frozen=True)
class OnEntity(Expression):
    """Read from the state of an entity or a pair. `of`: the event type counted; the own one if empty.

    `role`: the field of the counted type that each key is looked for in, where `as_()` names them; `says`:
    how reasons speak of those events.
    """

    keys: tuple[NamedField, ...]
    of: str
    role: tuple[NamedField | str, ...] = dataclasses.field(default=(), kw_only=True)
    says: str = dataclasses.field(default="", compare=False, repr=False, kw_only=True)

    @property
    def entity(self) -> str:
        return "_x_".join(key.name for key in self.keys)

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(part if isinstance(part, str) else part.name for part in self.role)

    @property
    def subject(self) -> str:
        role = f"as_{'_and_'.join(self.role_names)}" if self.role else ""
        return "_".join(word for word in (self.entity, role, self.of) if word)

    def called(self, word: str, *arguments: str, **options: str) -> str:
        """The text of a word said of this entity."""
        names = [key.name for key in self.keys]
        subject = call("pair", *names) if len(names) > 1 else names[0]
        if self.role:
            roles = (literal(part) if isinstance(part, str) else part.name for part in self.role)
            subject = call(f"{subject}.as_", *roles)
        return call(f"{subject}.{word}", *arguments, **options, of=_quoted(self.of))


def _quoted(text: str) -> str:
    return literal(text) if text else ""


def _field_text(name: str) -> str:
    return call("field", _quoted(name)) if name in TAKEN else name


def named_where(name: str, where: Condition | None) -> str:
    return name if where is None else f"{name}_where_{where.condition_name}"


def where_text(where: Condition | None) -> str:
    """A condition's canonical words; empty without one."""
    return "" if where is None else where.definition


@dataclass(frozen=True)
class Aggregate(OnEntity):
    """count, sum, mean, std (population), min or max over a window, of events that fulfil a condition."""

    function: str
    field_name: str
    window: Window
    tile: int
    where: Condition | None = None

    @property
    def name(self) -> str:
        words = [self.subject, self.field_name, self.function, self.window.label]
        return named_where("_".join(word for word in words if word), self.where)

    @property
    def definition(self) -> str:
        return self.called(
            f"{_field_text(self.field_name)}.{self.function}" if self.field_name else self.function,
            over=_quoted(self.window.label),
            tile=tile_text(self.window, self.tile),
            where=where_text(self.where),
        )


@dataclass(frozen=True)
class Distinct(OnEntity):
    """How many values of a field the entity has shown in a window, exact up to `cap`."""

    field: NamedField
    window: Window
    tile: int
    cap: int
    where: Condition | None = None

    @property
    def name(self) -> str:
        return named_where(f"{self.subject}_distinct_{self.field.name}_{self.window.label}", self.where)

    @property
    def definition(self) -> str:
        return self.called(
            "distinct",
            self.field.name,
            over=_quoted(self.window.label),
            cap=cap_text(self.cap),
            tile=tile_text(self.window, self.tile),
            where=where_text(self.where),
        )


def cap_text(cap: int) -> str:
    return "" if cap == DEFAULT_CAP else str(cap)


@dataclass(frozen=True)
class Labelled(OnEntity):
    """Over events in [t - delay - window, t - delay): confirmed positives ("count") or their share of all."""

    function: str
    window: Window
    delay: Window
    tile: int

    @property
    def name(self) -> str:
        return f"{self.subject}_fraud_{self.function}_{self.window.label}_after_{self.delay.label}"

    @property
    def definition(self) -> str:
        return self.called(
            f"fraud_{self.function}",
            over=_quoted(self.window.label),
            delay=_quoted(self.delay.label),
            tile=tile_text(self.window, self.tile),
        )


@dataclass(frozen=True)
class InSession(OnEntity):
    """The entity's present session: its events ("count"), seconds since it began, or the total of a field."""

    function: str  # "count", "duration", "sum"
    field_name: str
    gap: Window

    @property
    def name(self) -> str:
        words = [self.subject, "session", self.gap.label, self.field_name, self.function]
        return "_".join(word for word in words if word)

    @property
    def definition(self) -> str:
        session = self.called("session", gap=_quoted(self.gap.label))
        return ".".join([session, *([self.field_name] if self.field_name else []), call(self.function)])
