"""The events and values of a bulk action as rows of a table, with links."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.urls import reverse

from reviews.investigation.bulk.outcome import Item
from reviews.investigation.bulk.selecting import Found
from reviews.investigation.bulk.terms import LIST, VERDICT
from scoring.catalog.registry import event_types
from scoring.intake.models import Event

PERSONAL = "a personal value"


class SampleRow(NamedTuple):
    """An event or value: its text, its page ("" for none), and the number of matching events that have it."""

    text: str
    link: str
    events: int


def sample_rows(
    kind: str, found: Sequence[Found], *, event_type: str, terms: Mapping[str, Any]
) -> dict[Item, SampleRow]:
    """Rows by their items. Personal values are not shown: they are on the pages of their events."""
    if kind == LIST:
        declared = event_types().get(event_type)
        field = declared.fields.get(terms["field"]) if declared else None
        is_shown = field is not None and not field.personal
        return {
            each.item: SampleRow(str(each.item) if is_shown else PERSONAL, "", each.events) for each in found
        }
    events = Event.objects.in_bulk([int(each.item) for each in found])
    page = "admin:case" if kind == VERDICT else "admin:event"
    return {
        each.item: SampleRow(_id_of(events.get(int(each.item))), reverse(page, args=[each.item]), each.events)
        for each in found
    }


def _id_of(event: Event | None) -> str:
    return event.external_id if event else "a removed event"
