"""Which event types have files that hash banks can match, and which policies these can break."""

from scoring.catalog.event_type import EventType
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.registry import event_types


def carries_media(kind: type[EventType]) -> bool:
    """Whether events of this type may have files attached."""
    return bool(media_field(kind))


def media_field(kind: type[EventType]) -> str:
    """The field with the files of an event, the first if there are several; "" for a type without files."""
    return next((name for name, field in kind.fields.items() if isinstance(field, Attachments)), "")


def known_policies() -> dict[str, str]:
    """The policies of event types with files: titles by name."""
    declared = [kind for kind in event_types().values() if carries_media(kind)]
    return {policy.name: policy.title or policy.name for kind in declared for policy in kind.policies}
