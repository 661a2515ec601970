"""Which event types have pictures and videos that hash banks can match."""

from scoring.catalog.event_type import EventType
from scoring.catalog.media.attachments import Attachments


def carries_media(kind: type[EventType]) -> bool:
    """Whether events of this type may have files attached."""
    return any(isinstance(field, Attachments) for field in kind.fields.values())
