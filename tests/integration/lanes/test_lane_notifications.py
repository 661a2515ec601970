"""Lane notifications: one message to a lane without a runner, one notification to its runner."""

from types import SimpleNamespace
from typing import Any

import pytest
import redis
from kombu.exceptions import OperationalError

from scoring.signals import lane_notifications, reply_channels
from scoring.signals import redis_connections as connections
from scoring.signals.lane_notifications import notify_lanes

LANE = "commerce"


@pytest.fixture
def messages(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(lane_notifications, "send_task", lambda lane: sent.append(lane) or "")
    return sent


def notify(times: int) -> None:
    for _ in range(times):
        assert lane_notifications.notify_lane(LANE) == ""


def test_a_lane_without_a_runner_is_sent_one_message(messages):
    notify(3)
    assert messages == [LANE]


def test_a_lost_message_suppresses_others_for_a_moment_only(messages, online_redis):
    notify(1)
    [flag] = online_redis.keys("*:flag")
    assert 0 < online_redis.pttl(flag) <= lane_notifications.IN_FLIGHT_MS
    online_redis.delete(flag)  # as it expires
    notify(1)
    assert messages == [LANE, LANE]


def test_each_lane_is_notified_separately(messages):
    lane_notifications.subscribe(LANE, pace=0.0)
    assert notify_lanes({LANE, "content", "bank"}) == ""
    assert messages == ["bank", "content"]
    assert lane_notifications.wait_for_notification(LANE, seconds=0.1)
    assert [lane_notifications.has_runner(lane) for lane in (LANE, "content")] == [True, False]


def test_a_runner_without_a_pace_keeps_the_pace_of_the_last_one(messages, online_redis):
    assert lane_notifications.pace_of(LANE) == 0.0
    lane_notifications.subscribe(LANE, pace=50.0)
    lane_notifications.unsubscribe(LANE)
    lane_notifications.subscribe(LANE, pace=0.0)
    assert (lane_notifications.pace_of(LANE), lane_notifications.pace_of("content")) == (50.0, 0.0)
    [pace] = online_redis.keys("*:pace")
    assert 0 < online_redis.pttl(pace) <= lane_notifications.PACE_MS


def test_a_wait_for_a_notification_is_no_longer_than_a_read_may_block(messages, monkeypatch):
    monkeypatch.setattr(connections, "MAX_BLOCK_SECONDS", 0.01)
    assert not lane_notifications.wait_for_notification(LANE, seconds=30.0)


@pytest.fixture
def broker(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Messages sent to Celery; an error appended here is raised instead of sending the next one."""
    sent: list[Any] = []

    def send_task(name: str, *, args: tuple[str, ...], retry: bool, expires: float) -> None:
        if sent and isinstance(sent[-1], Exception):
            raise sent.pop()
        sent.append((name, args, retry, expires))

    monkeypatch.setattr(lane_notifications.current_app, "send_task", send_task)
    monkeypatch.setattr(lane_notifications.breaker, "trip", lambda: sent.append("tripped"))
    return sent


def test_a_lane_is_sent_its_task_which_expires(broker):
    notify(1)
    assert broker == [("scoring.runner.tasks.run_lane", (LANE,), False, lane_notifications.MESSAGE_SECONDS)]


@pytest.mark.parametrize("error", [OperationalError("away"), redis.TimeoutError("hung"), OSError("no route")])
def test_a_message_that_cannot_be_sent_gives_the_cause_and_is_tried_again(broker, error):
    broker.append(error)
    assert notify_lanes([LANE]) == "broker_unavailable"
    assert broker == ["tripped"]
    notify(1)  # no message is in flight
    assert len(broker) == 2


def test_an_open_breaker_keeps_messages_from_the_broker(broker, monkeypatch):
    monkeypatch.setattr(lane_notifications, "breaker", SimpleNamespace(is_open=True))
    assert lane_notifications.notify_lane(LANE) == "broker_unavailable"
    assert broker == []


def test_without_redis_the_cause_is_given_and_no_pace_is_known(messages, monkeypatch):
    def away() -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(connections, "prompt", away)
    assert notify_lanes({"a", "b"}) == "online_store_unavailable"
    assert (lane_notifications.pace_of(LANE), messages) == (0.0, [])


def test_the_answers_of_a_batch_are_one_message_for_each_process(online_redis):
    reply_channels.send_answers({"here.1": [{"n": 1}], "here.2": [{"n": 2}], "there.1": [{"n": 3}]})
    counts = [online_redis.llen(reply_channels.queue_of(token)) for token in ("here.1", "here.2", "there.1")]
    assert counts == [1, 1, 1]


def test_a_subscribed_runner_gets_one_notification_and_no_message(messages):
    lane_notifications.subscribe(LANE, pace=0.0)
    notify(3)
    assert lane_notifications.wait_for_notification(LANE, seconds=0.1)
    assert not lane_notifications.wait_for_notification(LANE, seconds=0.01)
    notify(1)
    assert lane_notifications.wait_for_notification(LANE, seconds=0.1)
    assert messages == []


def test_subscribing_discards_earlier_notifications(messages):
    notify(1)
    lane_notifications.subscribe(LANE, pace=0.0)
    assert not lane_notifications.wait_for_notification(LANE, seconds=0.01)
    notify(1)
    assert lane_notifications.wait_for_notification(LANE, seconds=0.1)
    assert messages == [LANE]


def test_a_lane_whose_runner_left_is_sent_a_message(messages):
    lane_notifications.subscribe(LANE, pace=0.0)
    notify(1)
    lane_notifications.unsubscribe(LANE)
    notify(2)
    assert messages == [LANE]


def test_the_subscription_of_a_killed_runner_expires(messages, monkeypatch):
    monkeypatch.setattr(lane_notifications, "RUNNER_MS", 1)
    lane_notifications.subscribe(LANE, pace=0.0)
    assert not lane_notifications.wait_for_notification(LANE, seconds=0.01)
    notify(1)
    assert messages == [LANE]
