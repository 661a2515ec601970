"""The worker loop: what it processes, when it stops, and what it leaves to the next worker."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, close_old_connections, connection

from scoring.intake.labels import label_entry
from scoring.lanes import claiming
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.log.append import append
from scoring.log.errors import StreamConflict
from scoring.runner import lane_runner as runner
from scoring.runner import worker_loop, writing
from scoring.runner.batch_limits import MAX_FILL
from scoring.runner.sweep import sweep_lanes
from scoring.runner.worker_loop import request_stop, work_lane
from scoring.signals import lane_notifications
from scoring.signals.telemetry import telemetry
from tests.factories.payments import MARCH, payments
from tests.integration.lanes.conftest import LANE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def messages(monkeypatch) -> list[str]:
    """The lanes that were sent a message, which no worker receives."""
    sent: list[str] = []
    monkeypatch.setattr(lane_notifications, "send_task", lambda lane: sent.append(lane) or "")
    return sent


def test_the_loop_processes_until_nothing_comes_and_unsubscribes(send, messages):
    send(payments(10))
    assert work_lane(LANE, linger=0.01) == 10
    assert not Pending.objects.exists()
    assert not lane_notifications.has_runner(LANE)
    assert messages == [LANE]


def test_the_loop_renews_the_broken_connection_of_its_writer(send, messages):
    with ThreadPoolExecutor(1) as writer:
        writer.submit(break_connection).result()
        send(payments(3))
        assert work_lane(LANE, linger=0.01, writer=writer) == 3
        assert not Pending.objects.exists()
        writer.submit(close_old_connections).result()


def break_connection() -> None:
    """Leave the connection as a restart of PostgreSQL would, after an error."""
    with connection.cursor() as cursor, suppress(DatabaseError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert connection.errors_occurred


def test_a_stop_request_says_whether_a_loop_is_running(send, messages, monkeypatch):
    monkeypatch.setattr(worker_loop, "worker_state", worker_loop.WorkerState())
    answers, step = [request_stop()], runner.LaneRunner.step
    monkeypatch.setattr(runner.LaneRunner, "step", lambda lane: answers.append(request_stop()) or step(lane))
    send(payments(3))
    assert work_lane(LANE, linger=30.0) == 3
    assert [*answers, request_stop()] == [False, True, False]


def test_a_stop_request_ends_the_loop_after_its_batch_and_notifies_the_lane_for_the_rest(
    send, messages, monkeypatch
):
    step = runner.LaneRunner.step
    monkeypatch.setattr(runner.LaneRunner, "step", lambda lane: request_stop() and step(lane))
    send(payments(MAX_FILL + 1))
    assert work_lane(LANE, linger=0.01) == MAX_FILL
    assert Pending.objects.count() == 1
    assert messages == [LANE, LANE]


def test_a_loop_whose_time_is_up_notifies_the_lane_for_the_rest(send, messages):
    send(payments(1))
    assert work_lane(LANE, max_seconds=0.0, linger=0.01) == 0
    assert messages == [LANE, LANE]


def test_a_loop_that_fails_unsubscribes_and_sends_its_telemetry(send, messages, monkeypatch):
    def fail(*given) -> None:
        raise DatabaseError("the server closed the connection")

    monkeypatch.setattr(runner.LaneRunner, "finish", fail)
    send(payments(1))
    with pytest.raises(DatabaseError):
        work_lane(LANE, linger=0.01)
    assert not lane_notifications.has_runner(LANE)
    assert not worker_loop.worker_state.is_working
    assert not telemetry._counts


def test_a_lane_is_watched_for_a_frozen_holder_only_without_a_subscribed_runner(messages, monkeypatch):
    watched: list[bool] = []

    @contextmanager
    def taken(lane: str, *, watch: bool) -> Iterator[bool]:
        watched.append(watch)
        yield False

    monkeypatch.setattr(worker_loop, "held_lane", taken)
    assert work_lane(LANE) == 0
    lane_notifications.subscribe(LANE, pace=0.0)
    assert work_lane(LANE) == 0
    assert watched == [True, False]


def test_an_event_that_arrives_while_the_lane_is_released_gets_its_own_message(send, messages, monkeypatch):
    leave = lane_notifications.unsubscribe

    def leave_then_receive(lane: str) -> None:
        leave(lane)
        send(payments(1))  # its message finds the lane held, and is still in flight when the lane is free

    monkeypatch.setattr(lane_notifications, "unsubscribe", leave_then_receive)
    work_lane(LANE, linger=0.01)
    assert messages == [LANE, LANE]


def test_the_sweep_sends_a_message_even_while_one_is_in_flight(send, messages):
    send(payments(1))
    assert sweep_lanes(now=datetime.now(UTC)) == [LANE]
    assert messages == [LANE, LANE]


def test_a_process_that_was_stopped_runs_the_next_loop(send, messages):
    request_stop()
    send(payments(1))
    assert work_lane(LANE, linger=0.01) == 1
    assert messages == [LANE]


@pytest.fixture
def claims(monkeypatch) -> list[int]:
    """How many entries each claim found."""
    found: list[int] = []
    claim = claiming.claim

    def counted(lane: str, **how) -> list[claiming.Claim]:
        claimed = claim(lane, **how)
        found.append(len(claimed))
        return claimed

    monkeypatch.setattr(claiming, "claim", counted)
    return found


def test_after_a_partial_batch_nothing_is_claimed_without_a_notification(send, messages, claims):
    send(payments(3))
    assert work_lane(LANE, linger=0.01) == 3
    assert claims == [3]


def test_a_full_batch_is_followed_by_another_claim(send, messages, claims, monkeypatch):
    monkeypatch.setattr(worker_loop, "RENEW_SECONDS", -1.0)
    send(payments(MAX_FILL + 1))
    work_lane(LANE, linger=0.01)
    assert claims == [MAX_FILL, 1]
    assert lane_notifications.pace_of(LANE) > 0.0  # published before the second claim


def test_an_event_that_arrives_during_a_batch_causes_another_claim(send, messages, claims, monkeypatch):
    process = runner.LaneRunner._process

    def receive_then_process(lane: runner.LaneRunner, claimed: list[claiming.Claim]) -> bool:
        if len(claims) == 1:
            send(payments(2, start=10))
        return process(lane, claimed)

    monkeypatch.setattr(runner.LaneRunner, "_process", receive_then_process)
    send(payments(1))
    assert work_lane(LANE, linger=0.2) == 3
    assert claims == [1, 2]
    assert messages == [LANE]  # for the first; the runner was subscribed for the second


def test_entries_that_a_conflict_left_queued_are_claimed_again_at_once(send, messages, claims, monkeypatch):
    commit = writing._commit

    def conflict(*given) -> None:
        monkeypatch.setattr(writing, "_commit", commit)
        raise StreamConflict("lane/commerce", 0)

    monkeypatch.setattr(writing, "_commit", conflict)
    send(payments(2))
    work_lane(LANE, linger=0.01)
    assert claims == [2, 2]
    assert not Pending.objects.exists()


def test_a_label_released_by_the_lanes_clock_is_claimed_without_a_notification(send, messages, claims):
    send(payments(1))
    work_lane(LANE, linger=0.01)
    now = datetime.now(UTC)
    said = label_entry(
        event_stream="payment/shop/T-0",
        version=0,
        said={},
        said_at={},
        previous=None,
        value="fraud",
        label_source="chargeback",
        known_at=MARCH + timedelta(minutes=5),
        history=True,
    )
    written = append([said], now=now)
    pending.enqueue_labels(written, held=set(), with_history={"payment/shop/T-0"}, now=now)
    send(payments(1, start=5))  # moves the clock to the label's due time
    work_lane(LANE, linger=0.01)
    assert claims[1:] == [1, 1]
    assert not Pending.objects.exists()
