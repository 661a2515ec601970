"""The base of every word that reads the state of an entity or a pair."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict, cast

from scoring.declare.canonical import call, literal, quoted
from scoring.declare.conditions import Condition
from scoring.declare.expression import Expression
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.spelling import capitalized

_taken: set[str] = set()


def reserve_names(names: Iterable[str]) -> None:
    """Note names that entities already use, so that a field of such a name is written `card.field("x")`."""
    _taken.update(name for name in names if not name.startswith("_"))


def field_text(name: str) -> str:
    """A field of an entity's events, in canonical text."""
    return call("field", quoted(name)) if name in _taken else name


def name_where(name: str, where: Condition | None) -> str:
    """A feature's name with that of its condition."""
    return name if where is None else f"{name}_where_{where.condition_name}"


@dataclass(frozen=True)
class OnEntity(Expression):
    """Read from the state of an entity or a pair. `of`: the counted event type; the event's own if empty.

    `role`: for each key, the field of the counted type that names it, if `as_()` says so; `says`: how reasons
    name those events.
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
        """The beginning of its name: "card", "card_x_merchant", "sender_as_receiver_wire"."""
        role = f"as_{'_and_'.join(self.role_names)}" if self.role else ""
        return "_".join(word for word in (self.entity, role, self.of) if word)

    def called(self, word: str, *arguments: str, **options: str) -> str:
        """The canonical text of a word of this entity."""
        names = [key.name for key in self.keys]
        subject = call("pair", *names) if len(names) > 1 else names[0]
        if self.role:
            roles = (literal(part) if isinstance(part, str) else part.name for part in self.role)
            subject = call(f"{subject}.as_", *roles)
        return call(f"{subject}.{word}", *arguments, **options, of=quoted(self.of))

    def entity_not_given(self, grammar: Grammar) -> str:
        """Why there is no value at all: "the address is not given"."""
        return grammar.not_given(*(key.name for key in self.keys))

    def or_not_given(self, grammar: Grammar) -> str:
        """The other reason for a missing value; empty if every event has the entity."""
        lacks = grammar.may_lack(*(key.name for key in self.keys))
        return f", or {self.entity_not_given(grammar)}" if lacks else ""

    def last_event(self, grammar: Grammar) -> str:
        """The event that came before: "the last payment with this card"."""
        return f"the last {grammar.events(self, 1)}"

    def counted(self, grammar: Grammar) -> str:
        """The counted events, at the beginning of a sentence."""
        return capitalized(grammar.events(self))


class EntityOptions(TypedDict):
    """The entity, role and wording that every word of an entity is made with."""

    keys: tuple[NamedField, ...]
    role: tuple[NamedField | str, ...]
    says: str


class EntityWords:
    """Base of the families of words of an entity or a pair."""

    _role: tuple[NamedField | str, ...] = ()
    _wording = ""

    def keys(self) -> tuple[NamedField, ...]:
        return (cast(NamedField, self),)

    def _options(self) -> EntityOptions:
        return {"keys": self.keys(), "role": self._role, "says": self._wording}
