"""History is sequenced by the time at which each event and label became known."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from scoring.intake.amending.corrections import correct_event
from scoring.intake.labels import LabelStatement, label_entry, record_labels
from scoring.intake.models import Event, Label
from scoring.intake.receive import received_entry
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.lanes.order import iter_lane_runs, read_head
from scoring.log.append import append
from scoring.log.read import read_positions, read_stream
from scoring.states import history, reorder
from scoring.states.errors import HistoryOlderThanLane, OrderIncomplete
from scoring.states.history import WaitingHistory, needs_new_order, sequence_history, waiting_history
from scoring.states.reorder import reorder_lane
from scoring.timestamps import from_iso, to_micros
from tests.factories.lane_items import iter_lane_items
from tests.factories.payments import MARCH, payment_payload, payments, submission
from tests.factories.steps import RecordedSteps
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states

pytestmark = pytest.mark.django_db(transaction=True)


def add_history(numbers: range, *, labels: dict[int, timedelta] | None = None) -> None:
    """Load payments one minute apart as history; `labels`: the delay after which their fraud became known."""
    entries = [
        received_entry(submission(payment_payload(number)), source="shop", history=True) for number in numbers
    ]
    entries += [
        label_entry(
            event_stream=f"payment/shop/T-{number}",
            version=0,
            said={},
            said_at={},
            previous=None,
            value="fraud",
            label_source="chargeback",
            known_at=MARCH + timedelta(minutes=number) + after,
            history=True,
        )
        for number, after in (labels or {}).items()
    ]
    now = datetime.now(UTC)
    written = append(entries, now=now)
    Pending.objects.bulk_create(
        Pending(
            position=entry.position,
            lane=LANE,
            kind="event" if entry.type == "event.received" else "label",
            state="history",
            event_stream=entry.data.get("event", entry.stream),
            due_at=from_iso(entry.data.get("known_at") or entry.data["occurred_at"]),
            enqueued_at=now,
        )
        for entry in written
    )


def order() -> list[str]:
    """The applied items in order: payments by id, labels with a plus."""
    positions = [position for run in iter_lane_runs(LANE, items=100) for position in run.positions.tolist()]
    return [
        ("+" if entry.type.startswith("label") else "") + entry.stream.rsplit("T-")[1]
        for entry in read_positions(positions)
    ]


def test_events_and_labels_are_merged_by_known_at(online_redis):
    add_history(range(5), labels={0: timedelta(minutes=2, seconds=30), 1: timedelta(minutes=2)})
    assert sequence_history(LANE) == 7
    assert order() == ["0", "1", "2", "+0", "3", "+1", "4"]
    assert online_states() == rebuilt_states()


def test_a_label_held_for_an_event_of_history_is_sequenced_with_it(online_redis):
    said = [LabelStatement("payment", f"T-{number}", "fraud", "chargeback") for number in (0, 9)]
    record_labels(said, source="shop", now=datetime.now(UTC))
    now = datetime.now(UTC)
    receipt = received_entry(submission(payment_payload(0)), source="shop", history=True)
    pending.enqueue_history(append([receipt], now=now), lane=LANE, now=now)
    waiting = Pending.objects.filter(kind="label").order_by("event_stream")
    assert list(waiting.values_list("event_stream", "state", "due_at")) == [
        ("payment/shop/T-0", "history", Label.objects.order_by("position").first().known_at),
        ("payment/shop/T-9", "held", None),
    ]
    assert sequence_history(LANE) == 1
    assert order() == ["0"]  # the label has its place when the lane's clock reaches what was known today


def test_each_step_of_sequencing_counts_up_to_its_own_total(online_redis):
    add_history(range(5), labels={0: timedelta(minutes=2)})
    steps = RecordedSteps()
    sequence_history(LANE, watch=steps)
    counted = {step: (total, done) for step, total, done in steps.steps if total is not None}
    assert counted["sequencing commerce"] == counted["folding the lane"] == (6, 6)
    assert all(total == done for total, done in counted.values())


def test_history_of_the_same_moment_keeps_the_order_of_the_log(online_redis):
    add_history(range(3), labels={0: timedelta(minutes=1), 1: timedelta()})
    Pending.objects.filter(kind="event").update(due_at=MARCH)
    Pending.objects.filter(kind="label").update(due_at=MARCH)
    sequence_history(LANE)
    assert order() == ["0", "1", "2", "+0", "+1"]


def test_long_history_is_sequenced_in_parts_that_are_committed_separately(online_redis, monkeypatch):
    monkeypatch.setattr(history, "ITEMS_AN_ENTRY", 2)
    monkeypatch.setattr(history, "ROWS_A_READ", 2)
    add_history(range(5), labels={0: timedelta(minutes=2)})
    complete = pending.complete

    def fail_the_second_time(positions):
        if Pending.objects.count() < 6:
            raise DatabaseError("the server closed the connection")
        return complete(positions)

    with monkeypatch.context() as failing:
        failing.setattr(pending, "complete", fail_the_second_time)
        with pytest.raises(DatabaseError):
            sequence_history(LANE)
    assert (order(), Pending.objects.count()) == (["0", "1"], 4)
    assert read_head(LANE).clock_us == to_micros(MARCH + timedelta(minutes=1))

    assert sequence_history(LANE) == 4
    assert order() == ["0", "1", "2", "+0", "3", "4"]
    assert [run.head.seq for run in iter_lane_runs(LANE, items=1)] == [2, 4, 6]
    assert read_head(LANE).clock_us == to_micros(MARCH + timedelta(minutes=4))
    assert online_states() == rebuilt_states()


def test_waiting_history_is_counted_by_lane_kind_and_lateness(online_redis, send, work):
    send([submission(payment_payload(30, occurred_at=(MARCH + timedelta(minutes=3)).isoformat()))])
    work()
    add_history(range(5), labels={0: timedelta(minutes=1), 1: timedelta(minutes=9)})
    assert waiting_history(LANE) == WaitingHistory(events=5, labels=2, late_events=3, late_labels=1)
    Pending.objects.update(lane="content")
    assert waiting_history(LANE) == WaitingHistory(0, 0, 0, 0)
    assert (needs_new_order(LANE), needs_new_order("content")) == (False, True)
    assert sequence_history(LANE) == 0


def test_planner_statistics_are_updated_with_history(online_redis):
    add_history(range(5))
    sequence_history(LANE)
    assert rows_planned_for() == 5
    add_history(range(5, 8))
    reorder_lane(LANE, reason="test")
    assert rows_planned_for() == 8


def rows_planned_for() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'scoring_event'")
        return int(cursor.fetchone()[0])


def test_a_held_label_is_not_released_before_its_event_is_sequenced(online_redis):
    statement = LabelStatement("payment", "T-0", "fraud", "chargeback")
    record_labels([statement], source="shop", now=datetime.now(UTC))
    add_history(range(1))
    assert pending.release_overtaken() == 0
    sequence_history(LANE)
    assert pending.release_overtaken() == 1
    assert list(Pending.objects.values_list("state", "priority")) == [("ready", pending.LATER)]


def test_a_label_known_after_the_last_event_waits_for_the_lanes_clock(online_redis, send, work):
    add_history(range(3), labels={0: timedelta(minutes=10)})
    sequence_history(LANE)
    assert order() == ["0", "1", "2"]
    send(payments(1, start=5))
    work()
    assert order() == ["0", "1", "2", "5"]
    send(payments(1, start=12))
    work()
    send(payments(1, start=13))
    work()
    assert order() == ["0", "1", "2", "5", "12", "+0", "13"]
    assert online_states() == rebuilt_states()


def test_days_ingested_one_after_the_other_give_the_order_of_all_at_once(online_redis):
    add_history(range(3), labels={0: timedelta(minutes=4)})
    sequence_history(LANE)
    add_history(range(3, 6))
    sequence_history(LANE)
    assert order() == ["0", "1", "2", "3", "4", "+0", "5"]


def test_history_is_recorded_and_not_decided(online_redis, work):
    add_history(range(3))
    sequence_history(LANE)
    work()
    assert [entry.type for entry in read_stream("payment/shop/T-1")] == ["event.received"]


def test_history_older_than_the_lane_is_refused_with_the_command_to_run(online_redis, send, work):
    send(payments(1, start=100))
    work()
    add_history(range(3))
    with pytest.raises(HistoryOlderThanLane, match=r"3 of its events.*rebuild --online") as refused:
        sequence_history(LANE)
    assert re.findall(r"2026-\S+?Z", str(refused.value)) == ["2026-03-01T12:00:00Z", "2026-03-01T13:40:00Z"]
    assert Pending.objects.count() == 3


def test_a_new_order_includes_older_history(online_redis, send, work):
    send(payments(2, start=100))
    work()
    made = read_stream("payment/shop/T-100")[1].data
    add_history(range(3), labels={0: timedelta(minutes=1)})
    assert reorder_lane(LANE, reason="test").items == 6
    assert not Pending.objects.exists()
    assert order() == ["0", "1", "+0", "2", "100", "101"]
    assert online_states() == rebuilt_states()
    assert read_stream("payment/shop/T-100")[1].data == made
    send(payments(1, start=102))
    work()
    assert order()[-1] == "102"
    decision = read_stream("payment/shop/T-102")[1].data
    assert (decision["order"], decision["seq"]) == (2, 7)
    assert online_states() == rebuilt_states()


def test_a_new_order_of_the_same_items_does_not_change_the_states(online_redis, send, work):
    send(payments(20))
    work()
    before = online_states()
    reorder_lane(LANE, reason="test")
    assert online_states() == before


def test_states_of_an_earlier_order_are_not_used(online_redis, send, work):
    send(payments(3))
    work()
    earlier = {key: online_redis.dump(key) for key in online_redis.scan_iter("assay:{commerce}:*")}
    add_history(range(50, 52))
    reorder_lane(LANE, reason="test")
    online_redis.flushdb()
    for key, value in earlier.items():
        online_redis.restore(key, 0, value)
    work()
    assert online_states() == rebuilt_states()


def test_a_label_of_waiting_history_is_sequenced_with_it(online_redis, send, work):
    add_history(range(2))
    statement = LabelStatement("payment", "T-0", "fraud", "chargeback")
    record_labels([statement], source="shop", now=datetime.now(UTC))
    work()
    assert order() == []
    sequence_history(LANE)
    send(payments(1, start=10))
    work()
    assert order() == ["0", "1", "10"]
    assert Pending.objects.get().kind == "label"  # known today, which the lane's clock has not reached


def test_a_known_label_of_history_waits_for_its_event_to_be_sequenced(online_redis, send, work):
    send(payments(1, start=100))
    work()
    add_history(range(1), labels={0: timedelta(minutes=1)})
    work()
    assert order() == ["100"]
    reorder_lane(LANE, reason="test")
    assert order() == ["0", "+0", "100"]
    assert online_states() == rebuilt_states()


def test_a_new_order_includes_everything_that_was_applied(online_redis, send, work):
    send(payments(3))
    work()
    before = order()
    add_history(range(10, 12))
    Event.objects.filter(external_id="T-1").delete()
    with pytest.raises(OrderIncomplete, match="1 of the 3 entries that lane commerce has applied"):
        reorder_lane(LANE, reason="test")
    assert order() == before
    assert online_states() == rebuilt_states()


def test_labels_known_up_to_the_last_event_have_a_place_in_a_new_order_and_later_ones_wait(online_redis):
    add_history(range(3), labels={0: timedelta(minutes=2), 1: timedelta(minutes=1, microseconds=1)})
    reorder_lane(LANE, reason="test")
    assert order() == ["0", "1", "2", "+0"]
    assert [row.event_stream for row in Pending.objects.all()] == ["payment/shop/T-1"]
    assert read_head(LANE).clock_us == to_micros(MARCH + timedelta(minutes=2))


def test_a_new_order_places_history_by_its_own_time_and_live_events_by_their_receipt(
    online_redis, send, work, monkeypatch
):
    monkeypatch.setattr(reorder, "ITEMS_AN_ENTRY", 2)
    monkeypatch.setattr(reorder, "ITEMS_A_BATCH", 2)
    add_history(range(10, 13))
    sequence_history(LANE)
    send([*payments(1, start=30), *payments(1, start=5)])
    record_labels(
        [LabelStatement("payment", "T-11", "fraud", "chargeback")], source="shop", now=datetime.now(UTC)
    )
    work()
    correct_event(
        submission(payment_payload(11, occurred_at=(MARCH + timedelta(minutes=40)).isoformat())),
        source="shop",
        reason="the clock was wrong",
        now=datetime.now(UTC),
    )
    work()
    clock = read_head(LANE).clock_us
    add_history(range(2))

    rebuilt = reorder_lane(LANE, reason="test")

    assert order() == ["0", "1", *["10", "11", "12", "30", "5", "+11"], *["11"] * 4]
    assert rebuilt.items == 12
    effects = [entry.data.get("effects", []) for entry in read_stream(f"lane/{LANE}")]
    assert min(place for of_entry in effects for place, *_ in of_entry) == 0  # each in its own entry
    assert read_head(LANE).clock_us == clock == to_micros(MARCH + timedelta(minutes=40))
    assert online_states() == rebuilt_states()


def test_items_carry_the_position_of_the_event_they_concern(online_redis):
    add_history(range(2), labels={0: timedelta(seconds=30)})
    sequence_history(LANE)
    chunk = next(iter_lane_items(LANE))
    assert [item.kind for item in chunk.items] == ["event", "label", "event"]
    assert chunk.event_positions[0] == chunk.event_positions[1] != chunk.event_positions[2]
    assert [item.seq for item in chunk.items] == [1, 2, 3]
    assert chunk.items[1].positive_delta == 1
