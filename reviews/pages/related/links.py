"""The page of the entities that link an event with others, as a graph and as a table of the same links."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from reviews.console.entity_index import EntityRef, entity_kinds
from reviews.console.event_details import HistoryRow, history_rows
from reviews.graph.neighborhood import (
    HUB,
    MAX_EXPANDED,
    WINDOW,
    Expansion,
    Graph,
    GraphEntity,
    Key,
    key_of,
    neighborhood,
)
from reviews.models import Case
from reviews.pages.event_panels import entity_link, entity_words, words_of_name
from reviews.pages.history_table import number_in
from reviews.quality.blinding import seen_rows
from scoring.admin_kit.formatting import money_text, shortened
from scoring.admin_kit.pages import register_page
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.admin_kit.row_rules.visible import limits_of
from scoring.catalog.registry import event_type
from scoring.log.errors import EntryNotFound

MAX_LABEL = 18  # characters of a node's label


class LinkedRow(NamedTuple):
    """An event of the graph. `link`: its page; `expand`: shows all of its entities, "" if they are shown."""

    row: HistoryRow
    link: str
    expand: str
    here: bool


class EntityRow(NamedTuple):
    """An entity of the graph with the shown events that name it. `number`: its place in the graph."""

    number: int
    kind: str
    words: str
    link: str
    events: int
    is_hub: bool
    expand: str
    shown: list[LinkedRow]

    @property
    def event_count(self) -> str:
        return f"more than {HUB:,}" if self.is_hub else f"{self.events:,}"


@register_page
class LinksPage(PersonalPage):
    """The linked entities of an event; `expand` names an entity as "kind:value" or an event's position."""

    path, name, title = "events/<int:position>/links/", "event_links", "Linked entities"
    permission = "reviews.view_case"
    template_name = "reviews/links.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        position = kwargs["position"]
        asked = self.request.GET.getlist("expand")[:MAX_EXPANDED]
        try:
            types = limits_of(self.request.user).event_types
            graph = neighborhood(position, expansion_of(asked), event_types=types)
        except EntryNotFound as error:
            raise Http404(str(error)) from error
        rows = seen_rows(
            history_rows([event.current for event in graph.events]), self.request.user.get_username()
        )
        personal = self.personal
        events = event_rows(graph, rows, asked=asked)
        entities = entity_rows(graph, events, asked=asked, personal=personal)
        self.title = f"Links of {rows[0].type} {shortened(rows[0].external_id)}"
        return super().get_context_data(
            events=events,
            entities=entities,
            cut=graph.cut,
            hub=HUB,
            days=WINDOW.days,
            elements=elements_of(graph, events, entities),
            has_case=Case.objects.filter(pk=position).exists(),
            **kwargs,
        )


def expansion_of(asked: Sequence[str]) -> Expansion:
    """What the parameters of an address ask for; those that name no entity or event are left out."""
    entities, events = [], []
    for each in asked:
        kind, separator, value = each.partition(":")
        if not separator and (position := number_in(each)) is not None:
            events.append(position)
        elif value and kind in entity_kinds():
            entities.append(EntityRef(kind, value, value, personal=False))
    return Expansion(entities, events)


def event_rows(graph: Graph, rows: Sequence[HistoryRow], *, asked: Sequence[str]) -> list[LinkedRow]:
    """The events of a graph for display, in the same order."""
    return [
        LinkedRow(
            row=row,
            link=reverse("admin:event", args=[row.position]),
            expand="" if row.position in graph.expanded else _address(asked, str(row.position)),
            here=at == 0,
        )
        for at, row in enumerate(rows)
    ]


def entity_rows(
    graph: Graph, events: Sequence[LinkedRow], *, asked: Sequence[str], personal: PersonalAccess
) -> list[EntityRow]:
    """The entities of a graph for display, those with the most shown events first."""
    by_position = {each.row.position: each for each in events}
    naming: dict[Key, dict[int, LinkedRow]] = {}
    for link in graph.links:
        naming.setdefault(link.entity, {})[link.event] = by_position[link.event]
    rows = [
        _entity_row(number, entity, list(naming.get(key_of(entity.ref), {}).values()), asked, personal)
        for number, entity in enumerate(graph.entities)
    ]
    return sorted(rows, key=lambda row: -len(row.shown))


def _entity_row(
    number: int, entity: GraphEntity, shown: list[LinkedRow], asked: Sequence[str], personal: PersonalAccess
) -> EntityRow:
    ref = entity.ref
    closed = not entity.is_hub and not entity.expanded and entity.events > len(shown)
    return EntityRow(
        number=number,
        kind=words_of_name(ref.kind),
        words=entity_words(ref, personal=personal),
        link=entity_link(ref),
        events=entity.events,
        is_hub=entity.is_hub,
        expand=_address(asked, _key_text(key_of(ref))) if closed else "",
        shown=sorted(shown, key=lambda each: each.row.position, reverse=True),
    )


def elements_of(
    graph: Graph, events: Sequence[LinkedRow], entities: Sequence[EntityRow]
) -> list[dict[str, Any]]:
    """Nodes and edges as the script draws them; `tone` names a color."""
    nodes: list[dict[str, Any]] = [
        {
            "id": f"e{each.row.position}",
            "kind": "event",
            "label": _event_label(each.row),
            "tone": tone_of(each.row),
            "here": each.here,
            "link": each.link,
            "expand": each.expand,
        }
        for each in events
    ]
    nodes += [
        {
            "id": _key_text(key_of(graph.entities[each.number].ref)),
            "kind": "entity",
            "label": f"{each.kind}\n{each.words[:MAX_LABEL]}\n{each.event_count}",
            "hub": each.is_hub,
            "link": each.link,
            "expand": each.expand,
        }
        for each in entities
    ]
    edges = [
        {"source": f"e{link.event}", "target": _key_text(link.entity), "label": words_of_name(link.field)}
        for link in graph.links
    ]
    return [{"data": each} for each in (*nodes, *edges)]


def tone_of(row: HistoryRow) -> str:
    """By the label, else by the outcome: "bad", "good", the outcome, or "none"."""
    if row.label is not None:
        return "bad" if row.label == event_type(row.type).labels.positive else "good"
    return row.outcome or "none"


def _event_label(row: HistoryRow) -> str:
    """The amount of an event, its type without one."""
    return row.type if row.stake is None else str(money_text(row.stake, row.currency))


def _key_text(key: Key) -> str:
    return ":".join(key)


def _address(asked: Sequence[str], more: str) -> str:
    return "?" + urlencode({"expand": [*asked, more]}, doseq=True)
