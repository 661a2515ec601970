"""The log and the queue change together or not at all, at exact times."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from scoring.intake.amending.corrections import correct_event
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Label
from scoring.lanes import claiming
from scoring.lanes import queue as pending
from scoring.lanes import rebuild_queue as rebuild_pending
from scoring.lanes.models import Pending
from scoring.lanes.order import read_head
from scoring.log.models import LogEntry, VaultItem
from scoring.runner.lane_runner import LaneRunner
from scoring.states import history, reorder
from scoring.states.errors import HistoryOlderThanLane
from scoring.states.history import needs_new_order, sequence_history, waiting_history
from tests.factories.lane_items import iter_lane_items
from tests.factories.log import open_transaction
from tests.factories.payments import MARCH, payment_payload, payments, submission
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states, without_model
from tests.integration.lanes.test_history import add_history, order
from tests.waiting import wait_for_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)

MICROSECOND = timedelta(microseconds=1)


def test_history_at_the_lanes_clock_is_not_older_than_what_it_has_applied(send, work):
    send([submission(payment_payload(5, occurred_at=MARCH.isoformat()))])
    work()
    add_history(range(1), labels={0: timedelta()})
    waiting = waiting_history(LANE)
    assert (waiting.events, waiting.labels, waiting.late_events, waiting.late_labels) == (1, 1, 0, 0)
    sequence_history(LANE)
    assert order() == ["5", "0", "+0"]


def test_history_one_microsecond_before_the_lanes_clock_is_refused(send, work):
    send([submission(payment_payload(5, occurred_at=(MARCH + MICROSECOND).isoformat()))])
    work()
    add_history(range(1))
    assert (waiting_history(LANE).events, waiting_history(LANE).late_events) == (1, 1)
    with pytest.raises(HistoryOlderThanLane):
        sequence_history(LANE)
    assert needs_new_order(LANE)


def test_a_label_known_at_the_moment_of_the_last_event_comes_after_it(online_redis):
    add_history(range(3), labels={0: timedelta(minutes=2), 1: timedelta(minutes=1, microseconds=1)})
    sequence_history(LANE)
    assert order() == ["0", "1", "2", "+0"]
    assert [row.event_stream for row in Pending.objects.all()] == ["payment/shop/T-1"]


def _fail(*given: Any, **named: Any) -> None:
    raise DatabaseError("the server closed the connection")


def test_history_is_sequenced_and_dequeued_in_one_transaction(online_redis, monkeypatch):
    add_history(range(3))
    with monkeypatch.context() as failing:
        failing.setattr(history.pending, "complete", _fail)
        with pytest.raises(DatabaseError):
            sequence_history(LANE)
    assert (read_head(LANE).seq, Pending.objects.count()) == (0, 3)
    sequence_history(LANE)
    assert (read_head(LANE).seq, Pending.objects.count()) == (3, 0)


def test_a_new_order_is_all_or_nothing(send, work, monkeypatch):
    send(payments(3))
    work()
    add_history(range(-5, 0))
    head = read_head(LANE)
    with monkeypatch.context() as failing:
        failing.setattr(reorder.pending, "complete", _fail)
        with pytest.raises(DatabaseError):
            reorder.reorder_lane(LANE, reason="test")
    assert (read_head(LANE), Pending.objects.count()) == (head, 5)
    reorder.reorder_lane(LANE, reason="test")
    assert order() == ["-5", "-4", "-3", "-2", "-1", "0", "1", "2"]
    assert online_states() == rebuilt_states()


def test_a_label_is_appended_and_queued_in_one_transaction(send, monkeypatch):
    send(payments(1))
    with monkeypatch.context() as failing:
        failing.setattr(pending, "enqueue_labels", _fail)
        with pytest.raises(DatabaseError):
            say_fraud(0)
    assert not Label.objects.exists()
    say_fraud(0)
    assert Pending.objects.filter(kind="label", state="ready").count() == 1


def test_a_correction_is_appended_and_queued_in_one_transaction(send, work, monkeypatch):
    send(payments(1))
    work()
    count, kept = LogEntry.objects.count(), VaultItem.objects.count()
    with monkeypatch.context() as failing:
        failing.setattr(pending, "enqueue_amendment", _fail)
        with pytest.raises(DatabaseError):
            correct(0, ip="198.51.100.9")
    assert (LogEntry.objects.count(), VaultItem.objects.count()) == (count, kept)


def test_a_failed_rebuild_of_the_queue_changes_nothing(send, monkeypatch):
    send(payments(3))
    with monkeypatch.context() as failing:
        failing.setattr(rebuild_pending, "copy_rows", _fail)
        with pytest.raises(DatabaseError):
            rebuild_pending.rebuild_pending()
    assert Pending.objects.count() == 3


def test_entries_appended_during_a_rebuild_of_the_queue_are_in_it(send):
    """Without a queue entry the event would never be decided."""
    send(payments(1))
    thread = threading.Thread(target=_then_close, args=(rebuild_pending.rebuild_pending,))

    def append_and_wait_for_the_rebuild() -> None:
        send(payments(1, start=1))
        thread.start()

    with open_transaction(append_and_wait_for_the_rebuild):
        wait_for_blocked_session()
    thread.join()
    streams = Pending.objects.order_by("position").values_list("event_stream", flat=True)
    assert list(streams) == ["payment/shop/T-0", "payment/shop/T-1"]


def say_fraud(number: int, source: str = "shop") -> Any:
    said = LabelStatement("payment", f"T-{number}", "fraud", "chargeback")
    return record_labels([said], source=source, now=datetime.now(UTC))[0]


def correct(number: int, **changes: Any) -> None:
    corrected = submission(payment_payload(number, **changes))
    correct_event(corrected, source="shop", reason="a test", now=datetime.now(UTC))


def test_a_correction_waits_for_the_batch_being_written_and_undoes_its_event(send, work):
    """It waits for the lane's commit, so that nothing counts twice."""
    send(payments(2))
    runner = LaneRunner(LANE)
    thread = threading.Thread(target=_then_close, args=(lambda: correct(0, card="card-x"),))

    def write_and_wait_for_the_correction() -> None:
        runner.step()
        thread.start()

    with open_transaction(write_and_wait_for_the_correction):
        wait_for_blocked_session()
    thread.join()
    work()

    applied = [(item.kind, item.fields["card"]) for c in iter_lane_items(LANE) for item in c.items]
    assert applied == [("event", "card-0"), ("event", "card-1"), ("undo", "card-0"), ("event", "card-x")]
    assert online_states() == rebuilt_states()


def _then_close(work: Any) -> None:
    try:
        work()
    finally:
        connection.close()


def corrected_and_due_again(send: Any, work: Any, monkeypatch: pytest.MonkeyPatch) -> claiming.Claim:
    """The claim of a corrected event that is to be rescored."""
    without_model(monkeypatch)
    send(payments(1))
    work()
    correct(0, amount="99.00")
    work()
    Pending.objects.filter(kind="rescore").update(state="ready")
    [claim] = claiming.claim(LANE, limit=5)
    return claim


def test_an_event_corrected_meanwhile_is_not_rescored_in_its_old_version(send, work, monkeypatch):
    """The correction has its own decision, which a late one on the former values must not revise."""
    claim = corrected_and_due_again(send, work, monkeypatch)
    correct(0, amount="77.00")
    assert LaneRunner(LANE)._rescored(claim) == []


def test_the_rescore_of_a_corrected_event_uses_its_vector(send, work, monkeypatch):
    """And not the first vector logged: the model would score values that the sender has corrected."""
    claim = corrected_and_due_again(send, work, monkeypatch)
    runner = LaneRunner(LANE)

    [scored] = runner._rescored(claim)

    [feature_set] = scored.sets[:1]
    assert feature_set.vector_of(scored.row)[feature_set.names.index("amount")] == 9_900
    assert claim.event["fields"]["amount"]["minor"] == 9_900
