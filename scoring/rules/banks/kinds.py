"""Which event types have pictures and videos that hash banks can match."""

from scoring.catalog.event_type import EventType


def carries_media(kind: type[EventType]) -> bool:
    """Whether events of this type may have files attached."""
    return any(getattr(field, "holds_media", False) for field in kind.fields.values())
