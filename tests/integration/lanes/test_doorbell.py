"""Bells: one message to a lane nobody attends, one bell for its runner, however many ring."""

import pytest
import redis

from scoring.decisions import doorbell

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
