"""Bells: one message to a lane nobody attends, one bell for its runner, however many ring."""

from types import SimpleNamespace
from typing import Any

import pytest
import redis
from kombu.exceptions import OperationalError

from scoring.signals import lane_notifications as doorbell
from scoring.signals import redis_connections as connections
from scoring.signals import reply_channels as mailboxes
from scoring.signals.lane_notifications import Rung, ring_lanes

LANE = "commerce"


@pytest.fixture
def messages(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(doorbell, "publish", lambda lane: sent.append(lane) or "")
    return sent


def ring(times: int) -> None:
    for _ in range(times):
        assert doorbell.ring(LANE) == ""


def test_a_lane_nobody_attends_is_sent_one_message(messages):
    ring(3)
    assert messages == [LANE]


def test_a_lost_message_keeps_a_lane_deaf_for_a_moment_only(messages, online_redis):
    ring(1)
    [flag] = online_redis.keys("*:flag")
    assert 0 < online_redis.pttl(flag) <= doorbell.FLAG_MS
    online_redis.delete(flag)  # as it goes by itself
    ring(1)
    assert messages == [LANE, LANE]


def test_each_lane_has_a_door_of_its_own(messages):
    doorbell.stand_at_door(LANE, pace=0.0)
    assert ring_lanes({LANE, "content", "bank"}) == Rung()
    assert messages == ["bank", "content"]
    assert doorbell.linger(LANE, seconds=0.1)
    assert [doorbell.is_attended(lane) for lane in (LANE, "content")] == [True, False]


def test_a_runner_that_cannot_say_its_pace_yet_leaves_what_is_known_of_the_last_one(messages, online_redis):
    assert doorbell.pace_of(LANE) == 0.0
    doorbell.stand_at_door(LANE, pace=50.0)
    doorbell.leave_door(LANE)
    doorbell.stand_at_door(LANE, pace=0.0)
    assert (doorbell.pace_of(LANE), doorbell.pace_of("content")) == (50.0, 0.0)
    [pace] = online_redis.keys("*:pace")
    assert 0 < online_redis.pttl(pace) <= doorbell.PACE_MS


def test_a_wait_for_the_bell_is_no_longer_than_a_read_may_block(messages, monkeypatch):
    monkeypatch.setattr(connections, "MAX_BLOCK_SECONDS", 0.01)
    assert not doorbell.linger(LANE, seconds=30.0)


@pytest.fixture
def broker(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is sent to Celery; errors that are put in are raised instead, one a message."""
    sent: list[Any] = []

    def send_task(name: str, *, args: tuple[str, ...], retry: bool, expires: float) -> None:
        if sent and isinstance(sent[-1], Exception):
            raise sent.pop()
        sent.append((name, args, retry, expires))

    monkeypatch.setattr(doorbell.current_app, "send_task", send_task)
    monkeypatch.setattr(doorbell.breaker, "trip", lambda: sent.append("tripped"))
    return sent


def test_a_lane_is_sent_its_task_which_says_nothing_new_after_a_while(broker):
    ring(1)
    assert broker == [("scoring.decisions.tasks.run_lane", (LANE,), False, doorbell.MESSAGE_SECONDS)]


@pytest.mark.parametrize("error", [OperationalError("away"), redis.TimeoutError("hung"), OSError("no route")])
def test_a_lane_whose_message_cannot_be_sent_says_why_and_the_next_ring_tries_again(broker, error):
    broker.append(error)
    assert ring_lanes([LANE]) == Rung("broker_unavailable")
    assert broker == ["tripped"]
    ring(1)  # its flag does not stand
    assert len(broker) == 2


def test_a_broker_that_is_left_alone_is_not_asked(broker, monkeypatch):
    monkeypatch.setattr(doorbell, "breaker", SimpleNamespace(is_open=True))
    assert doorbell.ring(LANE) == "broker_unavailable"
    assert broker == []


def test_without_redis_a_ring_says_why_and_no_pace_is_known(messages, monkeypatch):
    def away() -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(connections, "prompt", away)
    assert ring_lanes({"a", "b"}) == Rung("online_store_unavailable")
    assert (doorbell.pace_of(LANE), messages) == (0.0, [])


def test_the_answers_of_a_batch_are_one_message_for_each_process(online_redis):
    doorbell.wake({"here.1": [{"n": 1}], "here.2": [{"n": 2}], "there.1": [{"n": 3}]})
    counts = [online_redis.llen(mailboxes.queue_of(token)) for token in ("here.1", "here.2", "there.1")]
    assert counts == [1, 1, 1]


def test_a_runner_hears_one_bell_and_no_message_is_sent(messages):
    doorbell.stand_at_door(LANE, pace=0.0)
    ring(3)
    assert doorbell.linger(LANE, seconds=0.1)
    assert not doorbell.linger(LANE, seconds=0.01)
    ring(1)
    assert doorbell.linger(LANE, seconds=0.1)
    assert messages == []


def test_what_was_rung_before_the_runner_came_is_taken_with_its_arrival(messages):
    ring(1)
    doorbell.stand_at_door(LANE, pace=0.0)
    assert not doorbell.linger(LANE, seconds=0.01)
    ring(1)
    assert doorbell.linger(LANE, seconds=0.1)
    assert messages == [LANE]


def test_a_runner_that_left_is_sent_a_message(messages):
    doorbell.stand_at_door(LANE, pace=0.0)
    ring(1)
    doorbell.leave_door(LANE)
    ring(2)
    assert messages == [LANE]


def test_a_runner_that_was_killed_is_believed_to_be_there_for_a_while_only(messages, monkeypatch):
    monkeypatch.setattr(doorbell, "RUNNER_MS", 1)
    doorbell.stand_at_door(LANE, pace=0.0)
    assert not doorbell.linger(LANE, seconds=0.01)
    ring(1)
    assert messages == [LANE]
