"""Which entities and events a graph shows, and where it ends."""

from datetime import UTC, datetime, timedelta

from reviews.console.entity_index import EntityRef
from reviews.console.event_details import CurrentReceipt
from reviews.graph.neighborhood import HUB, GraphEntity, select_nodes, shown_entities
from reviews.graph.reading import LinkedEvent, within
from scoring.log.entries import Entry
from scoring.timestamps import to_iso

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ref(kind: str, value: str) -> EntityRef:
    return EntityRef(kind, value, value, personal=False)


def event(position: int, *, after: timedelta = timedelta(0), **entities: str) -> LinkedEvent:
    data = {"occurred_at": to_iso(NOON + after)}
    receipt = Entry(position, 1, 1, f"payment/shop/{position}", 1, "event.received", 1, data, None, {}, NOON)
    refs = {kind: ref(kind, value) for kind, value in entities.items()}
    return LinkedEvent(CurrentReceipt(receipt, data, is_retracted=False), refs)


ANCHOR = event(1, card="c-1", device="d-1")
OWN = {("card", "c-1"), ("device", "d-1")}


def test_an_entity_of_another_event_is_shown_if_two_events_share_it() -> None:
    events = [ANCHOR, event(2, card="c-1", merchant="m-1"), event(3, card="c-1", merchant="m-1", ip="i-1")]
    assert set(shown_entities(events, OWN, wide=())) == OWN | {("merchant", "m-1")}


def test_an_expanded_event_shows_all_of_its_entities() -> None:
    events = [ANCHOR, event(3, card="c-1", merchant="m-1", ip="i-1")]
    assert set(shown_entities(events, OWN, wide={3})) == OWN | {("merchant", "m-1"), ("ip", "i-1")}


def test_an_entity_named_twice_by_one_event_is_not_shared() -> None:
    transfer = event(2, card="c-1")._replace(
        entities={"sender": ref("account", "a-1"), "receiver": ref("account", "a-1")}
    )
    assert set(shown_entities([ANCHOR, transfer], OWN, wide=())) == OWN


def test_the_farthest_events_are_left_out_of_a_graph_that_grows_too_large() -> None:
    events = [ANCHOR, *(event(at, card="c-1") for at in range(2, 20))]
    shown, cut = select_nodes(events, OWN, wide={1}, limit=10)
    assert [each.position for each in shown] == list(range(1, 9))  # with the card and the device: ten nodes
    assert cut == 11
    assert select_nodes(events, OWN, wide={1}, limit=50) == (events, 0)


def test_the_event_itself_is_shown_however_many_entities_it_names() -> None:
    assert select_nodes([ANCHOR, event(2, card="c-1")], OWN, wide={1}, limit=1) == ([ANCHOR], 1)


def test_events_outside_the_window_are_left_out() -> None:
    near, far = event(2, after=timedelta(days=3)), event(3, after=timedelta(days=-8))
    assert within([near, far], ANCHOR, timedelta(days=7)) == [near]


def test_an_entity_with_more_events_than_a_graph_can_show_is_a_hub() -> None:
    assert not GraphEntity(ref("merchant", "m-1"), HUB, expanded=False).is_hub
    assert GraphEntity(ref("merchant", "m-1"), HUB + 1, expanded=False).is_hub
