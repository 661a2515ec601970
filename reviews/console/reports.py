"""The reports of users about an event."""

from django.db.models import QuerySet

from reviews.console.entity_index import events_of_entity
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type
from scoring.intake.models import Event

CONTENT = "content"  # the field of a report that names the event's id
MAX_REPORTS = 200  # retracted ones, which are left out, among them


def reports_about(type_name: str, *, source: str, external_id: str) -> QuerySet[Event]:
    """The latest reports, at most `MAX_REPORTS`, that the sender of an event has sent about it."""
    reports = event_type(type_name).reports
    field = event_type(reports).fields.get(CONTENT) if reports else None
    if not isinstance(field, Entity):
        return Event.objects.none()
    positions = events_of_entity(field.kind, external_id, limit=MAX_REPORTS)
    return Event.objects.filter(position__in=positions, type=reports, source=source, retracted_at=None)
