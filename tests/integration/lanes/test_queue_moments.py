"""Entries are released and dequeued at the right moment, and no others with them."""

from datetime import UTC, datetime, timedelta

import pytest

from scoring.intake import admission
from scoring.intake.errors import LaneBehind
from scoring.lanes import held_labels
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.runner.sweep import sweep_lanes
from scoring.signals import lane_notifications
from tests.integration.lanes.conftest import LANE

pytestmark = pytest.mark.django_db

MICROSECOND = timedelta(microseconds=1)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def queue(*states: str, kind: str = "event", lane: str = LANE, due_at: datetime | None = None) -> None:
    """Add rows to the queue, at positions 1, 2, ..., without entries in the log."""
    taken = Pending.objects.count()
    Pending.objects.bulk_create(
        Pending(
            position=taken + number,
            lane=lane,
            kind=kind,
            state=state,
            event_stream=f"payment/shop/{taken + number}",
            due_at=due_at,
            enqueued_at=NOW,
        )
        for number, state in enumerate(states, start=1)
    )


def states() -> dict[int, str]:
    return dict(Pending.objects.order_by("position").values_list("position", "state"))


ALL = ("ready", "history", "held", "parked", "waiting")


def test_a_rescore_is_released_when_it_is_due(db):
    queue("waiting", "parked", "history", due_at=NOW)
    assert pending.release_waiting(now=NOW - MICROSECOND) == 0
    assert pending.release_waiting(now=NOW) == 1
    assert states() == {1: "ready", 2: "parked", 3: "history"}


def test_only_parked_entries_are_retried_and_their_error_is_cleared(db):
    queue(*ALL)
    Pending.objects.update(error="broken")
    assert pending.unpark(list(states())) == 1
    assert states() == {1: "ready", 2: "history", 3: "held", 4: "ready", 5: "waiting"}
    assert Pending.objects.get(position=4).error == ""


def test_only_ready_entries_are_adopted_by_a_waiting_client(db):
    queue(*ALL, "ready")
    assert pending.wait_for_queued([1, 2, 3, 4, 5], wake_token="process.1") == 1
    adopted = Pending.objects.exclude(wake_token=None)
    assert list(adopted.values_list("position", "priority")) == [(1, pending.URGENT)]


def test_only_ready_entries_of_the_lane_and_priority_are_counted(db):
    queue(*ALL, "ready", "ready")
    queue("ready", lane="content")
    Pending.objects.filter(position=1).update(priority=pending.URGENT)
    counted = [pending.count_ready(LANE, priority=p, limit=9) for p in (pending.URGENT, pending.NORMAL)]
    assert counted == [1, 2]
    assert pending.count_ready(LANE, priority=pending.NORMAL, limit=1) == 1
    assert sorted(pending.lanes_with_ready()) == [LANE, "content"]
    Pending.objects.filter(state="ready", lane=LANE).delete()
    assert (pending.has_ready(LANE), pending.has_ready("content")) == (False, True)
    assert pending.lanes_with_ready() == ["content"]
    Pending.objects.filter(state="ready").delete()
    assert (pending.lanes_with_ready(), pending.has_ready("content")) == ([], False)


def test_a_label_is_known_from_the_moment_the_lanes_clock_reaches_it(db):
    hour = timedelta(hours=1)
    queue("history", kind="label", due_at=NOW)
    queue("history", kind="event", due_at=NOW - hour)
    queue("history", kind="label", lane="content", due_at=NOW - hour)
    queue("parked", kind="label", due_at=NOW - hour)
    queue("history", kind="label", due_at=NOW + hour)
    assert pending.next_label_due(LANE) == NOW
    assert pending.next_label_due(LANE, after=NOW) == NOW + hour
    assert pending.release_known_labels(LANE, clock=NOW - MICROSECOND) == 0
    assert pending.release_known_labels(LANE, clock=NOW) == 1
    assert states() == {1: "ready", 2: "history", 3: "history", 4: "parked", 5: "history"}


def test_a_lanes_history_is_its_own_and_neither_held_nor_ready(db):
    queue(*ALL)
    queue("history", "ready", lane="content")
    assert pending.history_positions(LANE) == [2]
    assert pending.unsequenced_history(list(states())) == {2, 6}
    assert pending.unsequenced_history([1, 3]) == set()


def test_a_queued_entry_can_be_parked_and_a_dequeued_one_cannot(db):
    queue("ready", "ready")
    assert pending.park(2, error="broken")
    assert not pending.park(3, error="broken")
    assert list(Pending.objects.order_by("position").values_list("state", "error")) == [
        ("ready", ""),
        ("parked", "broken"),
    ]


def test_completing_entries_returns_how_many_were_queued(db):
    queue("ready", "history", "ready")
    assert pending.complete([1, 2, 9]) == 2
    assert states() == {3: "ready"}


def test_a_lane_admits_events_up_to_its_limit(settings, monkeypatch):
    settings.API_MAX_QUEUED, settings.API_MAX_WAITING = 10, 3
    queued = {pending.NORMAL: 0, pending.URGENT: 0}
    monkeypatch.setattr(admission, "_counted", {})
    monkeypatch.setattr(pending, "count_ready", lambda lane, *, priority, limit: queued[priority])
    monkeypatch.setattr(lane_notifications, "pace_of", lambda lane: 1.0)

    def is_taken(count: int, *, priority: int) -> bool:
        try:
            admission.admit({LANE: count}, priority=priority)
        except LaneBehind:
            return False
        return True

    assert is_taken(9, priority=pending.NORMAL)  # into an empty lane
    assert is_taken(500, priority=pending.NORMAL)  # into one with room for one
    assert not is_taken(1, priority=pending.NORMAL)
    assert admission.bulk_queued(LANE) == 509
    admission.cancel({LANE: 500}, priority=pending.NORMAL)
    assert is_taken(1, priority=pending.NORMAL)
    assert not is_taken(1, priority=pending.NORMAL)  # ten by then
    assert [is_taken(1, priority=pending.URGENT) for _ in range(4)] == [True, True, True, False]


def test_a_count_is_reused_for_a_while(monkeypatch):
    found = iter((4, 7))
    monkeypatch.setattr(admission, "_counted", {})
    monkeypatch.setattr(pending, "count_ready", lambda lane, **how: next(found))
    assert [admission.bulk_queued(LANE) for _ in range(3)] == [4, 4, 4]
    monkeypatch.setattr(admission, "COUNT_SECONDS", -1.0)
    admission._counted.clear()
    assert admission.bulk_queued(LANE) == 7


def test_a_sender_can_hold_labels_up_to_the_limit(settings, transactional_db):
    settings.API_MAX_HELD_LABELS = 3
    held_labels._counted.clear()
    queue("held", "held", "parked", kind="label")
    assert (held_labels.remaining_capacity("shop"), held_labels.remaining_capacity("other")) == (1, 3)
    held_labels.note_held("shop", 1)
    assert held_labels.remaining_capacity("shop") == 0
    held_labels.note_held("shop", 5)
    assert held_labels.remaining_capacity("shop") == 0
    held_labels._counted.clear()
    assert held_labels.remaining_capacity("shop") == 1


def test_the_sweep_notifies_lanes_that_have_work_but_no_runner(db, online_redis, monkeypatch):
    notified: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        lane_notifications, "notify_lane", lambda lane, *, again=False: notified.append((lane, again)) or ""
    )
    queue("ready")
    queue("ready", lane="content")
    queue("held", lane="elsewhere")
    lane_notifications.subscribe("content", pace=0.0)
    assert sweep_lanes(now=NOW) == [LANE]
    assert notified == [(LANE, True)]
