"""The index of lists follows the ruleset's entries, without a database."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from scoring.log.entries import Entry
from scoring.rules.lists import key_table
from scoring.rules.lists.changing.values import CheckedValue, NewValue, check_value
from scoring.rules.lists.index import NO_LISTS, ListIndex
from scoring.rules.lists.key_table import NEVER, KeyEntry, KeyTable, SortedKeys
from scoring.rules.lists.keys import key_of
from tests.factories.lists import NOW, TOMORROW, definition


def change(version: int, entry_type: str, **data: Any) -> Entry:
    return Entry(version, 1, version, "ruleset", version, entry_type, 1, data, None, {}, NOW)


def define(version: int, **given: Any) -> Entry:
    return change(version, "list.defined", **definition(**given).as_data())


def add(version: int, *values: str, until: Any = None, **given: Any) -> Entry:
    of_list = definition(**given)
    checked = [check_value(of_list, NewValue(value, "test", until), now=NOW) for value in values]
    data = [element for each in checked if isinstance(each, CheckedValue) for element in each.as_data()]
    assert len(data) >= len(values)
    return change(version, "list.values_added", list=of_list.name, values=data)


def remove(version: int, value: str, *, added: int, index: int = 0) -> Entry:
    values = [{"key": key_of(value).hex(), "added": added, "index": index}]
    return change(version, "list.values_removed", list="stolen_cards", reason="test", values=values)


def hits(index: ListIndex, now: Any = NOW, **fields: Any) -> list[tuple[str, str, int]]:
    keys = index.keys_of("payment", fields, revealed={})
    return [(hit.list, hit.field, hit.added) for hit in index.hits(keys, now)]


def test_a_listed_value_hits_with_who_and_why() -> None:
    index = NO_LISTS.after([define(1), add(2, "c-1", "c-2", until=TOMORROW)])
    [hit] = index.hits(index.keys_of("payment", {"card": "c-2", "customer": "c-1"}, revealed={}), NOW)
    assert (hit.list, hit.action, hit.field) == ("stolen_cards", "block", "card")
    assert (hit.added, hit.index, hit.expires_at, hit.reason) == (2, 1, TOMORROW, "test")
    assert hit.key == key_of("c-2").hex()


def test_a_value_with_a_slash_is_no_network_unless_the_list_matches_networks() -> None:
    index = NO_LISTS.after([define(1), add(2, "c/old", "10.0.0.0/8")])
    assert hits(index, card="c/old") == [("stolen_cards", "card", 2)]
    assert hits(index, card="10.0.0.0/8") == [("stolen_cards", "card", 2)]
    assert index.list_prefixes == {}


def test_an_expired_value_does_not_hit() -> None:
    index = NO_LISTS.after([define(1), add(2, "c-1", until=TOMORROW)])
    assert hits(index, TOMORROW - timedelta(microseconds=1), card="c-1")
    assert not hits(index, TOMORROW, card="c-1")


def test_a_removed_value_does_not_hit_and_may_be_added_again() -> None:
    index = NO_LISTS.after([define(1), add(2, "c-1", "c-2")])
    removed = index.after([remove(3, "c-1", added=2)])
    assert hits(removed, card="c-1") == []
    assert hits(removed, card="c-2") == [("stolen_cards", "card", 2)]
    assert hits(removed.after([add(4, "c-1")]), card="c-1") == [("stolen_cards", "card", 4)]
    assert hits(index, card="c-1") == [("stolen_cards", "card", 2)]  # an index never changes


def test_values_added_removed_and_added_in_one_step_end_as_the_last_change_says() -> None:
    start = NO_LISTS.after([define(1), add(2, "c-1")])
    entries = [remove(3, "c-1", added=2), add(4, "c-1"), remove(5, "c-1", added=4)]
    assert hits(start.after(entries), card="c-1") == []
    assert hits(start.after([*entries, add(6, "c-1")]), card="c-1") == [("stolen_cards", "card", 6)]


def test_an_archived_list_hits_nothing_until_it_is_restored() -> None:
    index = NO_LISTS.after([define(1), add(2, "c-1")])
    archived = index.after([change(3, "list.archived", name="stolen_cards", reason="unused")])
    assert hits(archived, card="c-1") == []
    assert archived.lists == {}
    assert hits(archived.after([define(4)]), card="c-1") == [("stolen_cards", "card", 2)]


def test_a_list_hits_only_fields_of_its_kind() -> None:
    index = NO_LISTS.after([define(1), define(2, name="vip", kind="customer"), add(3, "x", name="vip")])
    assert hits(index, card="x", customer="x") == [("vip", "customer", 3)]


def test_entries_of_other_rooms_change_nothing() -> None:
    index = NO_LISTS.after([define(1)])
    assert index.after([change(2, "rule.drafted", name="r")]) is index


def test_a_network_hits_its_addresses_and_the_narrowest_one_is_named() -> None:
    networks = {"name": "networks", "kind": "ip", "match": "network"}
    index = NO_LISTS.after(
        [define(1, **networks), add(2, "203.0.0.0/16", **networks), add(3, "203.0.113.0/24", **networks)]
    )
    assert index.fields_to_reveal("payment") == ("ip",)

    def added(address: str) -> list[int]:
        keys = index.keys_of("payment", {"ip": "digest"}, revealed={"digest": address})
        return [hit.added for hit in index.hits(keys, NOW)]

    assert added("203.0.113.9") == [3]
    assert added("::ffff:203.0.114.9") == [2]
    assert added("203.1.0.0") == []
    assert index.keys_of("payment", {"ip": "00" * 16}, revealed={}) == {"ip": ()}


def test_removed_values_are_merged_as_added_ones_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_table, "MIN_MERGED", 2)
    entries = {bytes([number]) * 16: KeyEntry(number, NEVER, "test") for number in range(4)}
    stored = KeyTable().changed(entries, {})
    assert len(stored.stored) == 4
    fewer = stored.changed({}, {key: entry.id for key, entry in [*entries.items()][:3]})
    assert (len(fewer.stored), len(fewer.removed), len(fewer)) == (1, 0, 1)


@pytest.mark.parametrize("merged_from", [1, 10_000])
def test_many_changes_are_merged_into_the_arrays_and_nothing_else_changes(
    monkeypatch: pytest.MonkeyPatch, merged_from: int
) -> None:
    monkeypatch.setattr(key_table, "MIN_MERGED", merged_from)
    index = NO_LISTS.after([define(1)])
    for version in range(2, 32):
        index = index.after([add(version, *(f"c-{version}-{number}" for number in range(5)))])
        if version % 3 == 0:
            index = index.after([remove(100 + version, f"c-{version}-0", added=version)])
    table = index.tables["stolen_cards"]
    assert (len(table.stored) > 0) == (merged_from == 1)
    assert len(index) == 30 * 5 - 10
    for version in range(2, 32):
        assert hits(index, card=f"c-{version}-4") == [("stolen_cards", "card", version)]
        assert bool(hits(index, card=f"c-{version}-0")) == (version % 3 != 0)


def test_keys_that_share_their_first_half_are_told_apart() -> None:
    keys = [b"\x01" * 8 + bytes([low] * 8) for low in (9, 3, 5)]
    stored = SortedKeys.of(
        b"".join(keys),
        np.array([9, 3, 5], np.int64),
        np.full(3, NEVER, np.int64),
        np.zeros(3, np.int32),
        ("test",),
    )
    assert [stored.find(key) for key in keys] == [KeyEntry(number, NEVER, "test") for number in (9, 3, 5)]
    assert stored.find(b"\x01" * 8 + b"\x04" * 8) is None
    assert KeyTable(stored, removed={keys[1]: 3}).find(keys[1]) is None


def test_a_value_takes_36_bytes() -> None:
    index = NO_LISTS.after([define(1), add(2, *(f"c-{number}" for number in range(1_000)))])
    table = index.tables["stolen_cards"]
    assert table.stored.merged(table.added, []).nbytes == 36_000


def test_an_index_without_lists_looks_nothing_up() -> None:
    assert NO_LISTS.keys_of("payment", {"card": "c-1"}, revealed={}) == {}
    assert NO_LISTS.hits({}, NOW) == []
