"""The Find page: search for an entity or event, and an entity's events."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.utils import timezone

from reviews.console.entity_index import (
    MAX_COUNTED,
    EntityRef,
    entity_kinds,
    events_of_entity,
    find_entity,
    search_entities,
)
from reviews.console.event_details import HistoryRow, entity_history
from reviews.pages.content.panel import struck_panel
from reviews.pages.event_panels import entity_link, entity_words, words_of_name
from reviews.pages.history_table import lines_of, number_in
from reviews.pages.list_panel import entity_lists_panel
from reviews.pages.risks.panel import risk_panel
from reviews.pages.subjects.erasure import ERASE, erasure_link
from reviews.quality.blinding import seen_rows
from scoring.admin_kit.pages import register_page
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.admin_kit.row_rules.visible import limits_of
from scoring.intake.models import Event

ROWS = 50
MAX_SUMMED = 200
MAX_TEXT_LENGTH = 200  # characters; no entity value or event id is longer


class FoundEntity(NamedTuple):
    """An entity that a search found; `capped`: it has more than `events` events."""

    kind: str
    words: str
    link: str
    events: int
    capped: bool


class EntitySummary(NamedTuple):
    """Counts over an entity's latest events, by outcome and by label.

    `among` says which events are counted; `since` is the date of the first one, "" if older ones were left
    out.
    """

    among: str
    since: str
    outcomes: dict[str, int]
    labels: dict[str, int]


@register_page
class EntitiesPage(PersonalPage):
    """A search box and its results; with `kind` and `value`, that entity and its events."""

    path, name, title = "entities/", "entities", "Find"
    permission = "reviews.view_case"
    template_name = "reviews/entities.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        text = asked.get("q", "").strip()[:MAX_TEXT_LENGTH]
        kind, value = asked.get("kind", ""), asked.get("value", "")[:MAX_TEXT_LENGTH]
        personal, now = self.personal, timezone.now()
        types = limits_of(self.request.user).event_types
        panels = _results(text, personal=personal, event_types=types) if text else {}
        if kind in entity_kinds() and value:
            panels |= _entity(
                kind,
                value,
                before=number_in(asked.get("before")),
                personal=personal,
                viewer=self.request.user.get_username(),
                event_types=types,
            )
            seen: dict[str, Any] = {"user": self.request.user, "personal": personal, "now": now}
            panels |= entity_lists_panel(panels["ref"], **seen)
            panels |= risk_panel([panels["ref"]], **seen)
            panels |= {"may_erase": self.request.user.has_perm(ERASE), "erase": erasure_link(panels["ref"])}
            panels |= {"author": struck_panel(panels["ref"], **seen)}
        return super().get_context_data(text=text, kinds=_kind_names(), **panels, **kwargs)


def summarize_events(rows: Sequence[HistoryRow]) -> EntitySummary:
    """Counts over these events, which are all there are unless there are `MAX_SUMMED` of them."""
    complete = len(rows) < MAX_SUMMED
    return EntitySummary(
        among="of all events" if complete else f"of the latest {MAX_SUMMED} events",
        since=f"since {min(row.occurred_at for row in rows):%Y-%m-%d}" if rows and complete else "",
        outcomes=dict(Counter(row.outcome for row in rows if row.outcome)),
        labels=dict(Counter(row.label for row in rows if row.label)),
    )


def _results(text: str, *, personal: PersonalAccess, event_types: Collection[str] | None) -> dict[str, Any]:
    """The search results. Personal values are searched only by users who may ask for them."""
    result = search_entities(text, event_types=event_types)
    found = [
        FoundEntity(
            kind=words_of_name(match.ref.kind),
            words=entity_words(match.ref, personal=personal),
            link=entity_link(match.ref),
            events=match.events,
            capped=match.capped,
        )
        for match in result.entities
        if personal.may_read or not match.ref.personal
    ]
    events = Event.objects.filter(position__in=result.events).order_by("-position")
    return {"found": found, "found_events": list(events), "searched": True}


def _entity(
    kind: str,
    value: str,
    *,
    before: int | None,
    personal: PersonalAccess,
    viewer: str,
    event_types: Collection[str] | None,
) -> dict[str, Any]:
    """The context of an entity's section."""
    ref = find_entity(kind, value)
    limit = ROWS + 1 if before else MAX_SUMMED
    found = entity_history(kind, value, before=before, limit=limit, event_types=event_types)
    rows = seen_rows(found, viewer)
    counted = len(events_of_entity(kind, value, limit=MAX_COUNTED + 1, event_types=event_types))
    return {
        "ref": ref,
        "kind_words": words_of_name(kind),
        "words": entity_words(ref, personal=personal),
        "counted": min(counted, MAX_COUNTED),
        "capped": counted > MAX_COUNTED,
        "past": None if before else summarize_events(rows),
        "lines": lines_of(rows[:ROWS], ref=ref),
        "older": _page(ref, before=rows[ROWS - 1].position) if len(rows) > ROWS else "",
        "newest": entity_link(ref) if before else "",
    }


def _page(ref: EntityRef, *, before: int) -> str:
    return "?" + urlencode({"kind": ref.kind, "value": ref.value, "before": before})


def _kind_names() -> list[str]:
    """The kinds of entities as words within a sentence: "card", "IP"."""
    names = map(words_of_name, entity_kinds())
    return [name if name.isupper() else name.lower() for name in names]
