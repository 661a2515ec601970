"""A lane is held by one session at a time, and taken over when its holder is frozen."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import redis
from django.db import DatabaseError, connection

from scoring.lanes import takeover
from scoring.lanes.errors import RebuildUnderWay
from scoring.lanes.lock import held_lane, sole_rebuild
from scoring.lanes.takeover import take_over
from scoring.signals import heartbeat
from scoring.signals import redis_connections as connections
from scoring.signals.heartbeat import beating, last_beat
from scoring.sql.advisory_locks import LockSpace, session_lock, try_lock, unlock, wait_for_lock
from tests.integration.lanes.conftest import LANE
from tests.waiting import TIMEOUT_SECONDS, wait_for_blocked_session, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def briskly(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    connections.prompt.cache_clear()
    monkeypatch.setattr(takeover, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(takeover, "CONFIRM_SECONDS", 0.05)
    monkeypatch.setattr(takeover, "WATCH_SECONDS", 5.0)
    monkeypatch.setattr(heartbeat, "KEPT_SECONDS", 0.1)


@contextmanager
def held_elsewhere(
    lane: str = LANE, *, space: LockSpace = LockSpace.LANE, in_use: bool = False
) -> Iterator[dict[str, Any]]:
    """Another session holds the lane without heartbeats; `in_use`: it works; `lost`: it was ended."""
    holding, release, said = threading.Event(), threading.Event(), {"lost": False}

    def hold() -> None:
        try:
            assert try_lock(space, lane)
            holding.set()
            while not release.wait(0.01):
                if in_use:
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT 1")
            unlock(space, lane)
        except DatabaseError:
            said["lost"] = True
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(TIMEOUT_SECONDS)
    try:
        yield said
    finally:
        release.set()
        thread.join(TIMEOUT_SECONDS)


def test_one_session_holds_a_lane_and_releases_it_at_the_end_of_the_block():
    with held_elsewhere(), held_lane(LANE) as held:
        assert not held
    with held_lane(LANE) as held:
        assert held
    with held_elsewhere():
        pass


def test_two_lanes_are_held_independently():
    with held_elsewhere(), held_lane("content") as held:
        assert held


def test_a_waiting_session_gets_the_lane_when_it_is_released_or_gives_up():
    with held_elsewhere(), held_lane(LANE, wait=True, patience=0.05) as held:
        assert not held
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone()[0] == "0"
    with held_lane(LANE, wait=True) as held:
        assert held


def test_one_rebuild_of_a_lane_at_a_time():
    with held_elsewhere(space=LockSpace.LANE_REBUILD), pytest.raises(RebuildUnderWay), sole_rebuild(LANE):
        pass
    with sole_rebuild(LANE):
        pass
    with held_elsewhere(space=LockSpace.LANE_REBUILD):
        pass


def test_a_holder_sends_heartbeats_from_the_start_to_the_end(monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(heartbeat, "KEPT_SECONDS", TIMEOUT_SECONDS)
    assert last_beat(LANE) is None
    with beating(LANE):
        first = last_beat(LANE)
        assert first is not None
        wait_until(lambda: last_beat(LANE) not in (None, first))
        assert last_beat("content") is None
    last = last_beat(LANE)
    time.sleep(0.05)
    assert last_beat(LANE) == last


def test_a_heartbeat_expires():
    with beating(LANE):
        pass
    wait_until(lambda: last_beat(LANE) is None)


def test_a_lane_is_held_with_a_heartbeat_and_asked_for_without(monkeypatch):
    monkeypatch.setattr(heartbeat, "KEPT_SECONDS", TIMEOUT_SECONDS)
    with held_elsewhere(), held_lane(LANE):
        assert last_beat(LANE) is None
    with held_lane(LANE):
        assert last_beat(LANE) is not None


def test_a_frozen_holder_loses_its_session_and_the_lane():
    with held_elsewhere() as holder:
        time.sleep(heartbeat.KEPT_SECONDS)  # its session is as quiet as that
        assert take_over(LANE)
        unlock(LockSpace.LANE, LANE)
    assert holder["lost"]


def test_a_holder_without_a_heartbeat_whose_session_works_keeps_the_lane(monkeypatch):
    monkeypatch.setattr(heartbeat, "KEPT_SECONDS", 5.0)
    with held_elsewhere(in_use=True) as holder:
        assert not take_over(LANE)
    assert not holder["lost"]


def test_a_holder_with_heartbeats_keeps_the_lane_however_quiet_its_session(monkeypatch):
    beats = iter(range(1_000_000))
    monkeypatch.setattr(heartbeat, "last_beat", lambda lane: f"1:a:{next(beats) // 2}")
    with held_elsewhere() as holder:
        time.sleep(heartbeat.KEPT_SECONDS)
        assert not take_over(LANE)
    assert not holder["lost"]


def test_an_unchanged_heartbeat_is_that_of_a_holder_that_has_just_frozen(monkeypatch):
    monkeypatch.setattr(heartbeat, "last_beat", lambda lane: "1:a:7")
    monkeypatch.setattr(takeover, "WATCH_SECONDS", 0.2)
    with held_elsewhere() as holder:
        time.sleep(heartbeat.KEPT_SECONDS)
        assert not take_over(LANE)  # as long as it is kept, it may still be alive
    assert not holder["lost"]


def test_a_lane_released_meanwhile_is_taken_without_a_frozen_holder(monkeypatch):
    monkeypatch.setattr(heartbeat, "last_beat", lambda lane: "1:a:7")
    assert take_over(LANE)
    unlock(LockSpace.LANE, LANE)


def test_without_redis_no_holder_counts_as_frozen(monkeypatch):
    def unavailable(lane: str) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(heartbeat, "last_beat", unavailable)
    with held_elsewhere() as holder:
        time.sleep(heartbeat.KEPT_SECONDS)
        assert not take_over(LANE)
    assert not holder["lost"]


def test_only_the_session_that_holds_the_lane_is_found():
    assert takeover._find_holder(LANE) is None
    with held_elsewhere("content"), held_elsewhere(), session_lock(LockSpace.LANE_REBUILD, "refunds"):
        with waiting_for(LANE):
            found = [takeover._find_holder(lane) for lane in (LANE, "content")]
        assert takeover._find_holder("refunds") is None
    sessions = {holder.session for holder in found if holder}
    assert len(sessions) == 2
    assert all(
        holder and holder.quiet is not None and 0.0 <= holder.quiet < TIMEOUT_SECONDS for holder in found
    )


@contextmanager
def waiting_for(lane: str) -> Iterator[None]:
    """Another session waits for the lane."""

    def wait() -> None:
        with suppress(DatabaseError):
            wait_for_lock(LockSpace.LANE, lane, timeout=TIMEOUT_SECONDS)
        connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    wait_for_blocked_session()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")
        [[session]] = cursor.fetchall()
        try:
            yield
        finally:
            cursor.execute("SELECT pg_cancel_backend(%s)", [session])
            thread.join(TIMEOUT_SECONDS)


def test_a_session_that_cannot_be_ended_keeps_the_lane_and_is_logged(monkeypatch, caplog):
    not_a_session = takeover.Holder(2**40, quiet=None)
    monkeypatch.setattr(takeover, "_find_holder", lambda lane: not_a_session)
    with held_elsewhere() as holder:
        assert not take_over(LANE)
    assert not holder["lost"]
    assert "let all workers use one PostgreSQL role" in caplog.text


def test_a_holder_whose_session_was_ended_leaves_without_an_error_of_its_own():
    with held_lane(LANE), connection.cursor() as cursor, suppress(DatabaseError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    with held_elsewhere():
        pass


def test_only_a_watching_process_takes_a_lane_from_a_frozen_holder():
    with held_elsewhere() as holder:
        time.sleep(heartbeat.KEPT_SECONDS)
        with held_lane(LANE) as held:
            assert not held
        with held_lane(LANE, watch=True) as held:
            assert held
    assert holder["lost"]
