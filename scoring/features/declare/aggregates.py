"""Features read from the state of an entity over a window."""

import dataclasses
from dataclasses import dataclass

from scoring.features.declare.expression import Expression, NamedField
from scoring.features.declare.origin import Origin
from scoring.features.declare.window import Window


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
