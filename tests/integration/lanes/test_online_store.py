"""Generations of states in Redis: filled next to the present one, switched to at once, removed later."""

import pytest
import redis

from scoring.states.errors import StaleOnlineState
from scoring.states.store import STATES_A_WRITE, OnlineStore, iter_keys, lane_prefix

LAYOUT = "0123456789ab" + "c" * 52


@pytest.fixture
def store(online_redis) -> OnlineStore:
    return OnlineStore("commerce", LAYOUT)


def fill(store: OnlineStore, states: dict[str, bytes], *, cursor: str, kind: str = "rebuilding") -> None:
    filling = store.begin(kind=kind)
    filling.write(states.items())
    store.switch(filling, cursor=cursor)


def generations() -> set[str]:
    keys = [
        key.removeprefix(lane_prefix("commerce")).split(":") for key in iter_keys(lane_prefix("commerce"))
    ]
    return {parts[1] for parts in keys if parts[1] != "generation"}


def test_without_a_generation_there_is_no_cursor_and_nothing_can_be_read(store):
    assert store.cursor() is None
    assert store.states() == {}
    with pytest.raises(StaleOnlineState):
        store.read(["0:a"], expected="1:1")


def test_a_generation_that_is_being_filled_cannot_be_read(store):
    fill(store, {"0:a": b"old"}, cursor="1:10")
    filling = store.begin(kind="rebuilding")
    filling.write([("0:a", b"new")])
    assert OnlineStore("commerce", LAYOUT).cursor() == "1:10"
    assert store.read(["0:a"], expected="1:10") == {"0:a": b"old"}
    store.switch(filling, cursor="2:20")
    assert OnlineStore("commerce", LAYOUT).cursor() == "2:20"
    assert store.read(["0:a", "0:b"], expected="2:20") == {"0:a": b"new", "0:b": None}


@pytest.mark.parametrize("removed", [False, True], ids=["retired", "removed"])
def test_a_process_that_missed_the_switch_can_neither_read_nor_write(store, removed):
    fill(store, {"0:a": b"old"}, cursor="1:10")
    late = OnlineStore("commerce", LAYOUT)
    late.cursor()
    fill(store, {"0:a": b"new"}, cursor="1:10")  # the same place in the log
    if removed:
        store.remove_leftovers(sparing="restoring")
    with pytest.raises(StaleOnlineState):
        late.read(["0:a"], expected="1:10")
    with pytest.raises(StaleOnlineState):
        late.write({"0:a": b"late"}, expected="1:10", cursor="2:20")
    assert late.cursor() == "1:10"
    assert late.read(["0:a"], expected="1:10") == {"0:a": b"new"}


def test_a_retired_and_an_interrupted_generation_are_removed(store):
    fill(store, {f"0:{number}": b"x" for number in range(2 * STATES_A_WRITE)}, cursor="1:10")
    store.begin(kind="rebuilding").write([("0:half", b"filled")])
    fill(store, {"0:a": b"new"}, cursor="2:20")
    assert len(generations()) == 3
    assert store.remove_leftovers(sparing="restoring") == 2 * STATES_A_WRITE + 1
    assert store.remove_leftovers(sparing="restoring") == 0
    assert generations() == {f"g{store.present().name}"}
    assert store.read(["0:a"], expected="2:20") == {"0:a": b"new"}


def test_a_generation_that_another_process_fills_is_not_removed(store):
    restoring, rebuilding = store.begin(kind="restoring"), store.begin(kind="rebuilding")
    store.remove_leftovers(sparing="restoring")
    restoring.write([("0:a", b"new")])
    with pytest.raises(StaleOnlineState):
        rebuilding.write([("0:a", b"new")])


def test_of_two_concurrent_switches_one_is_refused(store, monkeypatch):
    fill(store, {"0:a": b"old"}, cursor="1:10")
    former, filling = store.present(), store.begin(kind="rebuilding")
    fill(OnlineStore("commerce", LAYOUT), {"0:a": b"first"}, cursor="2:20")
    monkeypatch.setattr(store, "present", lambda: former)
    with pytest.raises(StaleOnlineState):
        store.switch(filling, cursor="3:30")
    assert OnlineStore("commerce", LAYOUT).cursor() == "2:20"


def test_a_removed_filling_cannot_be_switched_to(store):
    fill(store, {"0:a": b"old"}, cursor="1:10")
    filling = store.begin(kind="rebuilding")
    filling.write([("0:a", b"new")])
    store.remove_leftovers(sparing="restoring")
    with pytest.raises(StaleOnlineState):
        store.switch(filling, cursor="2:20")
    assert store.cursor() == "1:10"


def test_a_filling_notices_that_redis_lost_its_last_second(store, online_redis):
    filling = store.begin(kind="rebuilding")
    filling.write([("0:a", b"kept")])
    earlier = {key: online_redis.dump(key) for key in online_redis.scan_iter("assay:{commerce}:*")}
    filling.write([("0:b", b"lost")])
    online_redis.flushdb()
    for key, value in earlier.items():
        online_redis.restore(key, 0, value)
    with pytest.raises(StaleOnlineState):
        filling.write([("0:c", b"more")])
    with pytest.raises(StaleOnlineState):
        store.switch(filling, cursor="2:20")


def test_the_rest_of_an_interrupted_removal_cannot_be_read(store, monkeypatch):
    fill(store, {"0:a": b"x"}, cursor="1:10")
    holder = OnlineStore("commerce", LAYOUT)
    holder.cursor()
    with monkeypatch.context() as killed:
        killed.setattr(redis.Redis, "unlink", lambda *keys: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.clear()
    with pytest.raises(StaleOnlineState):
        holder.read(["0:a"], expected="1:10")
    assert len(generations()) == 1
    store.clear()
    assert generations() == set()


def test_clearing_leaves_other_layouts_and_other_lanes(store):
    others = [OnlineStore("commerce", "f" * 64), OnlineStore("content", LAYOUT)]
    for each in (store, *others):
        fill(each, {"0:a": b"x"}, cursor="1:10")
    store.clear()
    assert store.cursor() is None
    assert generations() == {f"g{others[0].present().name}"}
    assert [each.cursor() for each in others] == ["1:10"] * 2


def test_only_keys_with_the_prefix_are_found(online_redis):
    online_redis.mset({"a*[b]?:1": "", "a*[b]?": "", "axb?:1": "", "a*[b]x:1": "", "ba*[b]?:1": ""})
    assert sorted(iter_keys("a*[b]?:")) == ["a*[b]?:1"]
