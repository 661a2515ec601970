"""The event types whose texts are compared with known ones."""

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types


def compared_type(name: str) -> type[EventType] | None:
    """The event type of this name, if texts of its events are compared with known ones."""
    kind = event_types().get(name)
    return kind if kind and kind.compared_texts() else None


def compared_types() -> list[type[EventType]]:
    return [kind for kind in event_types().values() if kind.compared_texts()]
