"""A shift at a lane's door and what it leaves to the next."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, close_old_connections, connection

from scoring.intake.labels import label_entry
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.log.append import append
from scoring.log.errors import StreamConflict
from scoring.runner import lane_runner as runner
from scoring.runner import worker_loop as shift
from scoring.runner import writing
from scoring.runner.sweep import sweep_lanes
from scoring.runner.worker_loop import end_shift, work_lane
from scoring.signals import lane_notifications as doorbell
from scoring.signals.telemetry import telemetry
from tests.factories.payments import MARCH, payments
from tests.integration.lanes.conftest import LANE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def messages(monkeypatch) -> list[str]:
    """Lanes to whose workers a message was sent; nobody works on them."""
    sent: list[str] = []
    monkeypatch.setattr(doorbell, "publish", lambda lane: sent.append(lane) or "")
    return sent


def test_a_shift_works_until_nothing_comes_and_leaves_the_door(send, messages):
    send(payments(10))
    assert work_lane(LANE, linger=0.01) == 10
    assert not Pending.objects.exists()
    assert not doorbell.is_attended(LANE)
    assert messages == [LANE]


def test_a_shift_opens_the_connection_of_its_writer_anew_where_it_is_broken(send, messages):
    with ThreadPoolExecutor(1) as writer:
        writer.submit(break_connection).result()
        send(payments(3))
        assert work_lane(LANE, linger=0.01, writer=writer) == 3
        assert not Pending.objects.exists()
        writer.submit(close_old_connections).result()


def break_connection() -> None:
    """As a restarted PostgreSQL leaves it, after an error that told of it."""
    with connection.cursor() as cursor, suppress(DatabaseError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert connection.errors_occurred


def test_a_worker_that_is_to_stop_waits_for_a_shift_under_way_and_for_no_other(send, messages, monkeypatch):
    monkeypatch.setattr(shift, "attendance", shift.Attendance())
    answers, step = [end_shift()], runner.LaneRunner.step
    monkeypatch.setattr(runner.LaneRunner, "step", lambda lane: answers.append(end_shift()) or step(lane))
    send(payments(3))
    assert work_lane(LANE, linger=30.0) == 3
    assert [*answers, end_shift()] == [False, True, False]


def test_a_worker_that_is_to_stop_ends_its_shift_after_a_batch_and_has_the_lane_rung_for_the_rest(
    send, messages, monkeypatch
):
    step = runner.LaneRunner.step
    monkeypatch.setattr(runner.LaneRunner, "step", lambda lane: end_shift() and step(lane))
    send(payments(runner.FEWEST + 1))
    assert work_lane(LANE, linger=0.01) == runner.FEWEST
    assert Pending.objects.count() == 1
    assert messages == [LANE, LANE]


def test_a_shift_that_is_over_has_the_lane_rung_for_the_rest(send, messages):
    send(payments(1))
    assert work_lane(LANE, shift=0.0, linger=0.01) == 0
    assert messages == [LANE, LANE]


def test_a_shift_that_fails_leaves_the_door_and_says_what_it_counted(send, messages, monkeypatch):
    def fail(*given) -> None:
        raise DatabaseError("the server closed the connection")

    monkeypatch.setattr(runner.LaneRunner, "finish", fail)
    send(payments(1))
    with pytest.raises(DatabaseError):
        work_lane(LANE, linger=0.01)
    assert not doorbell.is_attended(LANE)
    assert not shift.attendance.at_work
    assert not telemetry._counts


def test_a_lane_is_watched_for_a_frozen_holder_only_while_nobody_is_at_its_door(messages, monkeypatch):
    watched: list[bool] = []

    @contextmanager
    def taken(lane: str, *, watch: bool) -> Iterator[bool]:
        watched.append(watch)
        yield False

    monkeypatch.setattr(shift, "held_lane", taken)
    assert work_lane(LANE) == 0
    doorbell.stand_at_door(LANE, pace=0.0)
    assert work_lane(LANE) == 0
    assert watched == [True, False]


def test_an_event_that_comes_while_the_lane_is_handed_over_gets_a_message_of_its_own(
    send, messages, monkeypatch
):
    leave = doorbell.leave_door

    def leave_then_receive(lane: str) -> None:
        leave(lane)
        send(payments(1))  # its message finds the lane taken; its flag still stands when the lane is free

    monkeypatch.setattr(doorbell, "leave_door", leave_then_receive)
    work_lane(LANE, linger=0.01)
    assert messages == [LANE, LANE]


def test_the_sweep_sends_a_message_though_one_is_outstanding(send, messages):
    send(payments(1))
    assert sweep_lanes(now=datetime.now(UTC)) == [LANE]
    assert messages == [LANE, LANE]


def test_a_process_that_ended_a_shift_early_works_the_next_one(send, messages):
    end_shift()
    send(payments(1))
    assert work_lane(LANE, linger=0.01) == 1
    assert messages == [LANE]


@pytest.fixture
def claims(monkeypatch) -> list[int]:
    """How many entries each claim found."""
    found: list[int] = []
    claim = pending.claim

    def counted(lane: str, **how) -> list[pending.Claim]:
        claimed = claim(lane, **how)
        found.append(len(claimed))
        return claimed

    monkeypatch.setattr(pending, "claim", counted)
    return found


def test_after_a_batch_that_was_not_full_nothing_is_claimed_unless_the_bell_rings(send, messages, claims):
    send(payments(3))
    assert work_lane(LANE, linger=0.01) == 3
    assert claims == [3]


def test_a_full_batch_is_followed_by_another_claim(send, messages, claims, monkeypatch):
    monkeypatch.setattr(shift, "AT_DOOR_SECONDS", -1.0)
    send(payments(runner.FEWEST + 1))
    work_lane(LANE, linger=0.01)
    assert claims == [runner.FEWEST, 1]
    assert doorbell.pace_of(LANE) > 0.0  # as the runner said before the second


def test_an_event_that_comes_while_a_batch_is_worked_rings_for_a_claim_of_its_own(
    send, messages, claims, monkeypatch
):
    process = runner.LaneRunner._process

    def receive_then_process(lane: runner.LaneRunner, claimed: list[pending.Claim]) -> bool:
        if len(claims) == 1:
            send(payments(2, start=10))
        return process(lane, claimed)

    monkeypatch.setattr(runner.LaneRunner, "_process", receive_then_process)
    send(payments(1))
    assert work_lane(LANE, linger=0.2) == 3
    assert claims == [1, 2]
    assert messages == [LANE]  # the first; the runner was at the door for the second


def test_what_a_conflict_left_queued_is_claimed_again_without_a_bell(send, messages, claims, monkeypatch):
    commit = writing._commit

    def conflict(*given) -> None:
        monkeypatch.setattr(writing, "_commit", commit)
        raise StreamConflict("lane/commerce", 0)

    monkeypatch.setattr(writing, "_commit", conflict)
    send(payments(2))
    work_lane(LANE, linger=0.01)
    assert claims == [2, 2]
    assert not Pending.objects.exists()


def test_a_label_that_the_lanes_clock_releases_is_claimed_without_a_bell(send, messages, claims):
    send(payments(1))
    work_lane(LANE, linger=0.01)
    now = datetime.now(UTC)
    said = label_entry(
        event_stream="payment/shop/T-0",
        version=0,
        said={},
        value="fraud",
        label_source="chargeback",
        known_at=MARCH + timedelta(minutes=5),
        history=True,
    )
    written = append([said], now=now)
    pending.enqueue_labels(written, held=set(), with_history={"payment/shop/T-0"}, now=now)
    send(payments(1, start=5))  # at that moment: the clock reaches what the label waits for
    work_lane(LANE, linger=0.01)
    assert claims[1:] == [1, 1]
    assert not Pending.objects.exists()
