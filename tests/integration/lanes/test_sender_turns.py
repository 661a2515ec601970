"""The order of claims: waiting clients first, then senders in turn, each in its own order."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import receive_events
from scoring.lanes import claiming
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.runner.batch_limits import MAX_FILL, MAX_FILL_INTERACTIVE, MAX_SIZE
from scoring.runner.lane_runner import LaneRunner
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def load(transactional_db, online_redis):
    """Receive a list of payments from a source, without waiting for decisions."""

    def load(source: str, count: int, *, start: int = 0) -> None:
        receive_events(payments(count, start=start), source=source, now=datetime.now(UTC))

    return load


def say_fraud(source: str) -> None:
    said = LabelStatement("payment", "T-0", "fraud", "chargeback")
    record_labels([said], source=source, now=datetime.now(UTC))


def claim(limit: int, **how) -> list[str]:
    return [f"{each.source} {each.event['id']}" for each in claiming.claim(LANE, limit=limit, **how)]


def test_a_sender_with_few_entries_is_served_beside_one_with_many(load):
    load("big", 200)
    load("small", 3)
    served = claim(32)
    assert Counter(each.split()[0] for each in served) == {"big": 29, "small": 3}
    assert [each for each in served if each.startswith("big")] == [f"big T-{n}" for n in range(29)]


def test_senders_take_turns_when_there_are_more_than_a_batch_holds(load):
    for number in range(6):
        load(f"s{number}", 2)
    first = claim(4)
    assert first == [f"s{number} T-0" for number in range(4)]
    assert claim(4, after="s3") == ["s4 T-0", "s5 T-0", "s0 T-0", "s1 T-0"]


def test_a_runner_continues_with_the_senders_that_had_no_turn(load):
    for number in range(MAX_FILL + 8):
        load(f"s{number:02}", 2)
    runner = LaneRunner(LANE)
    for _ in range(2):
        runner.step()
    left = Counter(stream.split("/")[1] for stream in Pending.objects.values_list("event_stream", flat=True))
    assert max(left.values()) == 1  # each had a turn before anybody had the second


def test_waiting_clients_come_before_bulk_and_their_batch_is_filled_up(load):
    load("big", 100)
    receive_events(payments(2, start=500), source="shop", now=datetime.now(UTC), wait=0.01)
    assert claim(8) == ["shop T-500", "shop T-501", *(f"big T-{n}" for n in range(6))]


def test_a_batch_holds_many_urgent_entries_but_few_bulk_entries(load):
    load("big", 300)
    runner = LaneRunner(LANE)
    runner.limits.size = 256
    assert runner.step() == MAX_FILL
    Pending.objects.update(priority=pending.URGENT)
    runner.limits.size = 256
    assert runner.step() == 300 - MAX_FILL


def test_one_bulk_entry_has_a_place_beside_urgent_ones(load):
    load("big", 5)
    receive_events(payments(20), source="shop", now=datetime.now(UTC), wait=0.01)
    assert claim(32, fill=8)[19:] == ["shop T-19", "big T-0"]


@pytest.mark.parametrize("others", [0, 2])
def test_an_urgent_batch_tells_whether_bulk_is_left(load, others):
    receive_events(payments(20), source="shop", now=datetime.now(UTC), wait=0.01)
    runner = LaneRunner(LANE)
    assert (runner.step(), runner.exhausted) == (20, True)
    load("big", others)
    receive_events(payments(20, start=20), source="shop", now=datetime.now(UTC), wait=0.01)
    assert (runner.step(), runner.exhausted) == (20 + bool(others), not others)


def test_more_urgent_entries_than_a_batch_holds_leave_the_lane_unexhausted(load):
    for start in range(0, 80, 20):
        receive_events(payments(20, start=start), source="shop", now=datetime.now(UTC), wait=0.01)
    runner = LaneRunner(LANE)
    assert (runner.step(), runner.exhausted) == (MAX_FILL, False)


def test_a_client_that_waits_for_a_long_list_does_not_make_batches_short(load, send):
    load("zoo", 300)
    send(payments(40), wait=0.001)
    assert claiming.claim(LANE, limit=1)[0].wake_token
    runner = LaneRunner(LANE)
    for _ in range(2):
        runner.limits.size = MAX_SIZE
        assert runner.step() == MAX_FILL


def test_a_batch_full_of_bulk_is_followed_by_another_claim(load):
    load("big", 100)
    runner = LaneRunner(LANE)
    runner.limits.size = 256
    runner.step()
    assert not runner.exhausted


EACH_PRIORITY = (pending.URGENT, pending.NORMAL, pending.LATER)


def test_a_lane_claims_nothing_of_another_at_any_priority(load):
    load("shop", 6)
    load("zoo", 1, start=6)
    rows = list(Pending.objects.order_by("position"))
    for number, row in enumerate(rows):
        row.lane, row.priority = ("content" if number % 2 else LANE), EACH_PRIORITY[number // 2 % 3]
    rows[6].lane = "content"
    Pending.objects.bulk_update(rows, ["lane", "priority"])
    assert claim(9) == ["shop T-0", "shop T-2", "shop T-4"]
    assert [each.event["id"] for each in claiming.claim("content", limit=9)] == ["T-1", "T-6", "T-3", "T-5"]


def test_entries_in_flight_are_not_claimed_again_at_any_priority(load):
    load("shop", 6)
    rows = list(Pending.objects.order_by("position"))
    for number, row in enumerate(rows):
        row.priority = EACH_PRIORITY[number // 2]
    Pending.objects.bulk_update(rows, ["priority"])
    assert claim(9, without=[row.position for row in rows[::2]]) == ["shop T-1", "shop T-3", "shop T-5"]


def test_only_ready_entries_are_claimed(load):
    load("shop", 5)
    for row, state in zip(
        Pending.objects.order_by("position"), ("history", "held", "parked", "waiting"), strict=False
    ):
        Pending.objects.filter(position=row.position).update(state=state)
    for priority in EACH_PRIORITY:
        Pending.objects.update(priority=priority)
        assert claim(9) == ["shop T-4"]


def test_a_label_never_overtakes_its_event(load):
    load("a", 3)
    say_fraud("a")
    load("b", 1)
    claimed = [(each.source, each.kind) for each in claiming.claim(LANE, limit=8)]
    assert [kind for source, kind in claimed if source == "a"] == ["event", "event", "event", "label"]


def test_a_label_never_overtakes_its_event_among_more_clients_than_a_batch_holds(load):
    receive_events(payments(5, start=1), source="a", now=datetime.now(UTC), wait=0.01)
    receive_events(payments(1), source="a", now=datetime.now(UTC), wait=0.01)
    say_fraud("a")
    assert [each.kind for each in claiming.claim(LANE, limit=4)] == ["event"] * 4
    assert [each.kind for each in claiming.claim(LANE, limit=7)] == ["event"] * 6 + ["label"]


def test_labels_held_for_their_event_come_last(load):
    say_fraud("z")
    load("z", 1)
    load("a", 2)
    assert [each.kind for each in claiming.claim(LANE, limit=8)] == ["event", "event", "event", "label"]
    assert [each.kind for each in claiming.claim(LANE, limit=3)] == ["event"] * 3


def test_a_statement_is_planned_again_after_a_while(load, monkeypatch):
    load("a", 2)
    assert len(claim(8)) == 2
    monkeypatch.setattr("scoring.sql.statements.PLANNED_SECONDS", -1.0)
    assert len(claim(8)) == 2


def test_batches_hold_less_bulk_while_clients_wait(load, send, monkeypatch):
    load("big", 300)
    runner = LaneRunner(LANE)

    def step() -> int:
        runner.limits.size = MAX_SIZE
        return runner.step()

    assert step() == MAX_FILL
    send(payments(1, start=400), wait=0.001)
    assert step() == MAX_FILL  # with the client's: it is seen now
    assert step() == MAX_FILL_INTERACTIVE
    monkeypatch.setattr("scoring.runner.batch_limits.INTERACTIVE_WINDOW_SECONDS", 0.0)
    assert step() == MAX_FILL
