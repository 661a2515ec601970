"""The graph of an event: its entities, other events that share them, and what these name in turn.

It is bounded: an entity shows the few events that are nearest in the log, within a window of time; an entity
with many events (a large merchant) is a hub, which links everything with everything, so it is counted and not
expanded; and the whole graph has a maximum of nodes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from reviews.console.entity_index import EntityRef, count_events
from reviews.graph.reading import LinkedEvent, events_near, of_types, read_events, within

BEFORE, AFTER = 6, 3  # events of each entity, around the event of the graph
HUB = 200  # events; an entity with more is a hub
WINDOW = timedelta(days=90)
MAX_NODES = 80
MAX_EXPANDED = 12

Key = tuple[str, str]  # kind and value of an entity


class GraphEntity(NamedTuple):
    """An entity. `events`: how many it has, counted up to HUB + 1; `expanded`: some of them are shown."""

    ref: EntityRef
    events: int
    expanded: bool

    @property
    def is_hub(self) -> bool:
        return self.events > HUB


class Link(NamedTuple):
    """That an event names an entity, in a field."""

    event: int
    entity: Key
    field: str


class Graph(NamedTuple):
    """Events, that of the page first, entities in the order of their discovery, and links between them.

    `expanded`: the events that show all of their entities. `cut`: how many nodes were left out.
    """

    events: list[LinkedEvent]
    entities: list[GraphEntity]
    links: list[Link]
    expanded: frozenset[int]
    cut: int


class Expansion(NamedTuple):
    """What is to be shown besides: the events of entities, and all entities of events."""

    entities: Sequence[EntityRef] = ()
    events: Sequence[int] = ()


NOTHING = Expansion()


def neighborhood(
    position: int, expansion: Expansion = NOTHING, *, event_types: Collection[str] | None = None
) -> Graph:
    """The graph of the event received at `position`, in about ten queries. Raises `EntryNotFound`.

    It shows the events of its own entities and of the expanded ones, and the entities that are its own,
    expanded, shared by two of these events, or named by an expanded event. `event_types`: only events of
    these types are shown and counted, None for all.
    """
    [anchor] = read_events([position])
    own = unique_refs([anchor])
    asked = {key_of(ref): ref for ref in expansion.entities[:MAX_EXPANDED]}
    sources = {**own, **asked}
    numbers = count_events(list(sources.values()), limit=HUB + 1, event_types=event_types)
    counts = dict(zip(sources, numbers, strict=True))
    opened = {key: ref for key, ref in sources.items() if counts[key] <= HUB}
    near = events_near(opened.values(), position, before=BEFORE, after=AFTER)
    found = of_types(read_events([each for each in near if each != position]), event_types)
    others = within(found, anchor, WINDOW)
    events = [anchor, *sorted(others, key=lambda event: abs(event.position - position))]
    wide = frozenset({position, *expansion.events})
    shown, cut = select_nodes(events, sources, wide=wide, limit=MAX_NODES)
    return _graph(shown, counts, opened=opened, wide=wide, always=sources, cut=cut, event_types=event_types)


def select_nodes(
    events: Sequence[LinkedEvent], always: Collection[Key], *, wide: Collection[int], limit: int
) -> tuple[list[LinkedEvent], int]:
    """The first events that the graph has room for beside their entities, and how many it has not."""
    for count in range(len(events), 1, -1):
        chosen = events[:count]
        if count + len(shown_entities(chosen, always, wide=wide)) <= limit:
            return list(chosen), len(events) - count
    return list(events[:1]), len(events) - 1


def shown_entities(
    events: Sequence[LinkedEvent], always: Collection[Key], *, wide: Collection[int]
) -> dict[Key, EntityRef]:
    """The entities of these events that are shown: in `always`, of an event in `wide`, or of two events."""
    named = [(event, ref) for event in events for ref in unique_refs([event]).values()]
    shared = Counter(key_of(ref) for _, ref in named)
    return {
        key_of(ref): ref
        for event, ref in named
        if key_of(ref) in always or event.position in wide or shared[key_of(ref)] > 1
    }


def unique_refs(events: Iterable[LinkedEvent]) -> dict[Key, EntityRef]:
    """The entities that events name, in order, each once."""
    return {key_of(ref): ref for event in events for ref in event.entities.values()}


def key_of(ref: EntityRef) -> Key:
    return ref.kind, ref.value


def _graph(
    events: list[LinkedEvent],
    counts: dict[Key, int],
    *,
    opened: Collection[Key],
    wide: frozenset[int],
    always: Collection[Key],
    cut: int,
    event_types: Collection[str] | None,
) -> Graph:
    entities = shown_entities(events, always, wide=wide)
    unknown = [ref for key, ref in entities.items() if key not in counts]
    numbers = count_events(unknown, limit=HUB + 1, event_types=event_types)
    counts = counts | dict(zip(map(key_of, unknown), numbers, strict=True))
    return Graph(
        events=events,
        entities=[GraphEntity(ref, counts[key], key in opened) for key, ref in entities.items()],
        links=[
            Link(event.position, key_of(ref), field)
            for event in events
            for field, ref in event.entities.items()
            if key_of(ref) in entities
        ],
        expanded=wide,
        cut=cut,
    )
