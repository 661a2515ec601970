"""The index of hash banks follows the ruleset's entries, without a database."""

from datetime import datetime
from typing import Any

import pytest

from scoring.event_types.payment import Payment
from scoring.log.entries import Entry
from scoring.rules.banks.search.hits import BankHit, media_of
from scoring.rules.banks.search.index import NO_BANKS, BankIndex
from scoring.rules.deciding.findings import bank_findings
from scoring.timestamps import to_iso
from tests.factories.banks import NOW, TOMORROW, bank_definition, differing, pdq, picture, video

ONE, TWO, THREE = pdq(1), pdq(2), pdq(3)


def change(version: int, entry_type: str, **data: Any) -> Entry:
    return Entry(version, 1, version, "ruleset", version, entry_type, 1, data, None, {}, NOW)


def define(version: int, name: str = "known_abuse", **given: Any) -> Entry:
    return change(version, "bank.defined", **bank_definition(name, **given).as_data())


def add(
    version: int, *hashes: str, bank: str = "known_abuse", until: Any = None, quality: Any = None
) -> Entry:
    expires_at = to_iso(until) if until else None
    items = [{"hash": each, "quality": quality, "expires_at": expires_at} for each in hashes]
    return change(version, "bank.items_added", bank=bank, items=items)


def remove(version: int, *, added: int, index: int = 0) -> Entry:
    return change(version, "bank.items_removed", bank="known_abuse", items=[{"added": added, "index": index}])


def hits(index: BankIndex, *files: dict[str, Any], now: datetime = NOW) -> list[tuple[str, int, int]]:
    found = index.hits(media_of({"media": list(files)}), now, read_frames=list)
    return [(hit.bank, hit.item, hit.distance) for hit in found]


def test_a_near_picture_hits_with_its_distance_and_item() -> None:
    index = NO_BANKS.after([define(1), add(2, ONE, TWO)])
    near = picture(differing(TWO, 31), media="m")
    assert index.hits(media_of({"media": [near]}), NOW, read_frames=list) == [
        BankHit("known_abuse", 2001, "m", 31)
    ]
    assert BankHit("known_abuse", 2001, "m", 31).added == 2
    assert hits(index, picture(differing(TWO, 32))) == []


@pytest.mark.parametrize("turned", range(8))
def test_any_rotation_or_flip_hits(turned: int) -> None:
    index = NO_BANKS.after([define(1), add(2, ONE)])
    assert hits(index, picture(differing(ONE, 5), turned=turned)) == [("known_abuse", 2000, 5)]


def test_a_video_hits_by_any_of_its_frames() -> None:
    index = NO_BANKS.after([define(1), add(2, ONE)])
    assert hits(index, video(TWO, differing(ONE, 3), THREE)) == [("known_abuse", 2000, 3)]


def test_a_file_hits_a_bank_once_by_the_nearest_item_and_the_first_of_equals() -> None:
    index = NO_BANKS.after(
        [define(1), add(2, differing(ONE, 4), differing(ONE, 2), differing(ONE, 2, start=9))]
    )
    assert hits(index, picture(ONE)) == [("known_abuse", 2001, 2)]


def test_each_bank_has_a_distance_and_a_least_quality_of_its_own() -> None:
    index = NO_BANKS.after(
        [define(1), define(2, "strict", distance=4), add(3, ONE), add(4, ONE, bank="strict")]
    )
    assert hits(index, picture(differing(ONE, 5))) == [("known_abuse", 3000, 5)]
    assert hits(index, picture(differing(ONE, 4), quality=49)) == []
    assert len(hits(index, picture(differing(ONE, 4), quality=50))) == 2


def test_items_of_low_quality_match_nothing_and_those_of_unknown_quality_do() -> None:
    index = NO_BANKS.after([define(1), add(2, ONE, quality=49), add(3, differing(ONE, 1))])
    assert hits(index, picture(ONE)) == [("known_abuse", 3000, 1)]


def test_expired_removed_and_archived_items_do_not_hit() -> None:
    index = NO_BANKS.after([define(1), add(2, ONE, until=TOMORROW), add(3, TWO)])
    assert hits(index, picture(ONE)) == [("known_abuse", 2000, 0)]
    assert hits(index, picture(ONE), now=TOMORROW) == []
    assert hits(index.after([remove(4, added=3)]), picture(TWO)) == []
    archived = index.after([change(4, "bank.archived", name="known_abuse", reason="test")])
    assert hits(archived, picture(TWO)) == []
    assert hits(archived.after([define(5)]), picture(TWO)) == [("known_abuse", 3000, 0)]


def test_an_item_that_is_added_and_removed_among_the_same_entries_is_not_there() -> None:
    index = NO_BANKS.after([define(1), add(2, ONE, TWO), remove(3, added=2)])
    assert (hits(index, picture(ONE)), hits(index, picture(TWO))) == ([], [("known_abuse", 2001, 0)])
    assert len(index) == 1


def test_entries_of_others_leave_the_index_as_it_is() -> None:
    assert NO_BANKS.after([change(1, "list.values_added", list="a", values=[])]) is NO_BANKS


def test_an_event_without_hashes_hits_nothing() -> None:
    assert media_of({}) == []
    assert media_of({"media": [{"id": "m", "hashes": []}]}) == []


def test_a_hit_asks_for_what_the_bank_does_as_far_as_the_event_type_has_it() -> None:
    banks = {
        "a": bank_definition("a", action="limit", policy="sexual"),
        "b": bank_definition("b", action="tag"),
    }
    found = [BankHit("a", 2001, "m", 7), BankHit("b", 3000, "m", 0)]
    limit, tag = bank_findings(found, banks, kind=Payment)
    assert limit.as_data() == {
        "kind": "bank",
        "name": "a",
        "number": 2,
        "stage": "active",
        "outcome": "review",
        "code": "KNOWN_ABUSE",
        "text": "The picture is known abuse",
        "distance": 7,
        "item": 2001,
        "media": "m",
        "policy": "sexual",
    }
    assert (tag.outcome, tag.as_data()["distance"]) == ("", 0)
