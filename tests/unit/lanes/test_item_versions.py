"""Which items claimed entries come to, and how far a batch may reach."""

from typing import Any

import pytest

from scoring.lanes import item_versions as placing
from scoring.lanes.amendments import AmendedEvent, AmendedEvents
from scoring.lanes.claiming import Claim
from scoring.lanes.item_versions import effects_of, place_claims, up_to_repeated_event
from scoring.lanes.order import Effect, LaneHead
from tests.factories.claims import claim as made_up_claim

HEAD = LaneHead("commerce", seq=40)


def event(card: str) -> dict[str, Any]:
    return {"type": "payment", "occurred_at": "2026-03-01T12:00:00Z", "fields": {"card": card}}


def claim(position: int, name: str, *, kind: str = "event", amended: bool = False) -> Claim:
    said = {"previous": None, "effective": "fraud"} if kind == "label" else event(name)
    changes = {"data": said, "event_position": 10, "event_version": 10, "kind": kind, "amended": amended}
    return made_up_claim(event(name), stream=f"payment/shop/{name}", position=position, **changes)


def test_claims_get_the_seqs_after_the_head_in_order() -> None:
    placed = place_claims([claim(10, "a"), claim(12, "a", kind="label"), claim(11, "b")], head=HEAD)
    items = [(each.item.seq, each.item.kind, each.item.positive_delta) for each in placed]
    assert items == [(41, "event", 0), (42, "label", 1), (43, "event", 0)]
    assert [each.claim.position for each in placed] == [10, 12, 11]
    assert effects_of(placed) == {}


def test_claims_after_a_correction_follow_all_its_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    corrected = AmendedEvent(
        receipt=10, versions={10: event("old"), 20: event("new")}, labels={}, applied_version=10
    )
    asked: list[set[str]] = []

    def read_amended(streams: set[str]) -> AmendedEvents:
        asked.append(streams)
        return AmendedEvents(dict.fromkeys((10, 20), corrected))

    monkeypatch.setattr(placing, "read_amended", read_amended)
    claims = [claim(11, "b"), claim(20, "a", kind="correction", amended=True), claim(12, "c")]

    placed = place_claims(claims, head=HEAD)

    items = [(each.item.seq, each.item.kind, each.item.fields["card"]) for each in placed]
    assert items == [(41, "event", "b"), (42, "undo", "old"), (43, "event", "new"), (44, "event", "c")]
    assert [each.claim.position for each in placed] == [11, 20, 20, 12]
    assert effects_of(placed) == {42: Effect("undo", 10, 0, 10), 43: Effect("event", 20, 0, 10)}
    assert asked == [{"payment/shop/a"}]


@pytest.mark.parametrize(
    ("claims", "taken"),
    [
        ([claim(1, "a"), claim(2, "a", kind="label")], 2),
        ([claim(1, "a", amended=True), claim(2, "b", amended=True)], 2),
        ([claim(1, "a", amended=True), claim(2, "b"), claim(3, "a", amended=True), claim(4, "c")], 2),
        ([claim(1, "a"), claim(2, "a", amended=True)], 1),
        ([], 0),
    ],
    ids=[
        "entries of an event that was never amended",
        "entries of several amended events",
        "a second entry of an amended event",
        "an entry of an event amended by then",
        "nothing",
    ],
)
def test_a_batch_ends_before_the_second_entry_of_an_amended_event(claims: list[Claim], taken: int) -> None:
    assert up_to_repeated_event(claims) == claims[:taken]
