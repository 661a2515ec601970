"""Batch views as declarations know them: sources of values that are computed ahead of time."""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.window import Window


class FeatureView:
    """Base of the views that an event type's body may declare; `scoring.batch.views` has the kinds.

    `name` and `event_type` are known only once the class body is done. `roles`: per entity the field of the
    source's events that names it, "" for its own. `of`: the event type it is computed from; the own one if
    empty.
    """

    origin: Origin
    name: str
    event_type: str
    entities: Sequence[NamedField]
    over: Window
    of: str

    @property
    def roles(self) -> Sequence[str]:
        raise NotImplementedError

    @property
    def definition(self) -> Mapping[str, Any]:
        """Everything that determines its values, as plain JSON."""
        raise NotImplementedError

    def unit(self, value: str) -> str:
        """The unit of a value; see `FeatureSpec.unit`."""
        raise NotImplementedError

    def phrase(self, value: str, *, events: str) -> str:
        """The description of a value; `events`: that of the counted events ("payments by this customer")."""
        raise NotImplementedError

    def check(self, types: Mapping[str, Any]) -> None:
        """Raises CatalogError unless the declared event types, by name, have what the view reads."""
        raise NotImplementedError
