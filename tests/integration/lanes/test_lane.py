"""One lane from receipt to decision, and every way its online state can be lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from scoring.decisions.failure_policy import decide_without_lane
from scoring.decisions.models import Decision
from scoring.intake.answers import answer_for
from scoring.intake.labels import LabelStatement, record_labels
from scoring.lanes import claiming
from scoring.lanes import queue as pending
from scoring.lanes.lock import held_lane
from scoring.lanes.models import Pending
from scoring.lanes.order import iter_lane_runs, read_head
from scoring.lanes.rebuild_queue import rebuild_pending
from scoring.log import upcasters
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.log.retry import ATTEMPTS
from scoring.log.writing.alongside import Alongside
from scoring.runner.batch_limits import MAX_FILL
from scoring.runner.lane_runner import LaneRunner
from scoring.runner.sweep import sweep_lanes
from scoring.runner.writing import write
from scoring.signals import redis_connections as connections
from scoring.signals.telemetry import read_counts
from scoring.states.errors import StaleOnlineState
from scoring.states.reorder import reorder_lane
from scoring.timestamps import to_micros
from tests.factories.lane_items import iter_lane_items
from tests.factories.log import inject_conflicts
from tests.factories.payments import MARCH, payment_payload, payments, refund_payload, submission
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def label(number: int, value: str | None, source: str = "chargeback") -> LabelStatement:
    return LabelStatement("payment", f"T-{number}", value, source)


def say(*statements: LabelStatement):
    return record_labels(statements, source="shop", now=datetime.now(UTC))


def queued(stream: str, *, now: datetime) -> Alongside:
    """Queues a payment that is appended without the API."""
    place = pending.NewPending(stream, LANE, pending.NORMAL, wake_token=None)
    return Alongside(clauses=pending.queue_clauses([place], now=now))


def send_and_close(send, *args, **how):
    """Run on another thread, with its own database connection."""
    try:
        return send(*args, **how)
    finally:
        connection.close()


def test_every_event_is_decided_once_and_nothing_stays_pending(send, work):
    send(payments(40))
    work()
    assert Decision.objects.filter(revision=0).count() == 40
    assert not Pending.objects.exists()
    answer = answer_for("payment/shop/T-7")
    assert answer["status"] == "decided"
    assert answer["decision"]["basis"] == "no_model"
    assert answer["decision"]["outcome"] == "review"


def test_seqs_follow_the_order_of_receipt(send, work):
    send(payments(20))
    work()
    seqs = [read_stream(f"payment/shop/T-{n}")[1].data["seq"] for n in range(20)]
    assert seqs == list(range(1, 21))


def test_online_states_equal_a_rebuild_byte_for_byte(send, work):
    send([*payments(30), *(submission(refund_payload(n)) for n in range(10))])
    say(label(3, "fraud"), label(4, "legitimate"), label(3, None))
    work()
    assert online_states() == rebuilt_states()
    assert len(online_states()) > 20


def test_a_repeated_submission_changes_nothing_and_gets_the_first_answer(send, work):
    send(payments(3))
    work()
    first = send(payments(3))
    states = online_states()
    again = send(payments(3))
    work()
    assert [receipt.created for receipt in again] == [False] * 3
    assert [receipt.answer for receipt in again] == [receipt.answer for receipt in first]
    assert again[0].answer["status"] == "decided"
    assert online_states() == states


def test_an_id_with_another_payload_is_a_conflict_that_names_the_fields(send):
    send(payments(1))
    receipt = send([submission(payment_payload(0, amount="999.00", device=None))])[0]
    assert receipt.conflict.fields == ("amount", "device")
    assert receipt.answer is None


def test_a_list_with_the_same_event_twice_receives_it_once(send, work):
    receipts = send([*payments(1), *payments(1)])
    assert [receipt.created for receipt in receipts] == [True, False]
    work()
    assert Decision.objects.count() == 1


def test_a_flushed_redis_is_restored_from_the_log(send, work, online_redis):
    send(payments(30))
    work()
    online_redis.flushdb()
    send(payments(5, start=30))
    work()
    assert online_states() == rebuilt_states()


@pytest.mark.parametrize("lost", ["everything", "the last batch"])
def test_the_running_holder_notices_lost_states_before_it_uses_them(send, online_redis, lost):
    send(payments(2 * MAX_FILL + 6))
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        runner.step()
        earlier = {key: online_redis.dump(key) for key in online_redis.scan_iter("assay:{commerce}:*:*")}
        runner.step()
        online_redis.flushdb()
        for key, value in earlier.items() if lost == "the last batch" else ():
            online_redis.restore(key, 0, value)
        runner.step()
        assert Decision.objects.count() == 2 * MAX_FILL
        assert not runner.exhausted
        while runner.step():
            pass
    assert Decision.objects.count() == 2 * MAX_FILL + 6
    assert online_states() == rebuilt_states()


def test_a_lost_second_of_redis_is_applied_again_from_the_log(send, work, online_redis):
    send(payments(20))
    work()
    earlier = {key: online_redis.dump(key) for key in online_redis.scan_iter("assay:{commerce}:*")}
    send(payments(20, start=20))
    work()
    online_redis.flushdb()
    for key, value in earlier.items():
        online_redis.restore(key, 0, value)
    send(payments(1, start=40))
    work()
    assert online_states() == rebuilt_states()


def test_states_of_another_database_are_discarded(send, work, online_redis):
    send(payments(10))
    work()
    key = next(iter(online_redis.scan_iter("assay:{commerce}:*:cursor")))
    online_redis.set(key, "7:999999")
    online_redis.set(key.replace(b"cursor", b"s:0:card-of-another-time"), b"x" * 8)
    work()
    assert online_states() == rebuilt_states()


def test_the_log_refuses_a_holder_that_lost_its_lane(send, work):
    send(payments(5))
    with held_lane(LANE):
        late = LaneRunner(LANE)
        claims = claiming.claim(LANE, limit=5)
        late._load_models(claims[0].routes)
        worked = late._compute(claims)
        work()  # another holder: advisory locks of one session nest, so this stands for a second process
        with pytest.raises(StreamConflict):
            write(worked, head=late.pipeline.head, store=late.store)
    assert Decision.objects.count() == 5
    assert online_states() == rebuilt_states()


def test_redis_refuses_a_holder_that_lost_its_lane(send, work):
    send(payments(5))
    late = LaneRunner(LANE)
    claims = claiming.claim(LANE, limit=5)
    late._load_models(claims[0].routes)
    states = late._compute(claims).states
    work()
    with pytest.raises(StaleOnlineState):
        late.store.write(states, expected=late.pipeline.head.cursor, cursor="5:1")
    with pytest.raises(StaleOnlineState):
        late._compute(claims)
    assert online_states() == rebuilt_states()


def test_a_label_before_its_event_is_held_and_then_applied(send, work):
    receipts = say(label(2, "fraud"), label(99, "fraud"))
    assert [receipt.status for receipt in receipts] == ["held", "held"]
    work()
    assert [row.state for row in Pending.objects.all()] == ["held", "held"]
    send(payments(3))
    work()
    left = Pending.objects.get()
    assert (left.event_stream, left.state) == ("payment/shop/T-99", "held")
    assert answer_for("payment/shop/T-2")["label"] == "fraud"
    assert online_states() == rebuilt_states()


def test_the_clock_of_a_lane_is_the_time_of_its_latest_event(send, work):
    send([*payments(1, start=5), *payments(1)])
    work()
    assert read_head(LANE).clock_us == to_micros(MARCH + timedelta(minutes=5))


def test_the_sweep_releases_held_labels_whose_event_is_there_and_no_others(send):
    send(payments(2))
    say(label(1, "fraud"), label(9, "fraud"))
    Pending.objects.filter(kind="label").update(state="held")  # as of one that could not see its event yet
    sweep_lanes(now=datetime.now(UTC))
    states = dict(Pending.objects.filter(kind="label").values_list("event_stream", "state"))
    assert states == {"payment/shop/T-1": "ready", "payment/shop/T-9": "held"}


@pytest.mark.parametrize("conflicts", [ATTEMPTS - 1, ATTEMPTS])
def test_a_label_that_meets_another_label_of_its_event_is_tried_again(send, work, monkeypatch, conflicts):
    send(payments(2))
    inject_conflicts(monkeypatch, "scoring.intake.labels", count=conflicts)
    if conflicts == ATTEMPTS:
        with pytest.raises(StreamConflict):
            say(label(1, "fraud"))
    else:
        assert say(label(1, "fraud"))[0].status == "recorded"
    assert len(read_stream("label/payment/shop/T-1")) == (conflicts < ATTEMPTS)


def test_a_lane_is_notified_of_labels_when_they_are_committed(send, monkeypatch):
    told: list[set[str]] = []
    monkeypatch.setattr("scoring.signals.lane_notifications.notify_lanes", told.append)
    with transaction.atomic():
        say(label(1, "fraud"), label(2, "fraud"))
        assert told == []
    assert told == [{LANE}]


def test_a_bad_event_decided_by_the_failure_policy_while_it_is_parked_does_not_end_the_loop(
    send, work, monkeypatch
):
    park = LaneRunner._park

    def decide_then_park(runner, claim, error):
        monkeypatch.setattr(LaneRunner, "_park", park)
        monkeypatch.setattr("scoring.runner.lane_runner.last_version", lambda stream: 1)
        decide_without_lane(read_stream(claim.event_stream), cause="timeout")
        park(runner, claim, error)

    monkeypatch.setattr(LaneRunner, "_park", decide_then_park)
    monkeypatch.setattr("scoring.runner.lane_runner.decide", lambda *args, **named: 1 / 0)
    send(payments(1))
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        runner.step()
        assert not runner.exhausted
        monkeypatch.undo()
        while runner.step():
            pass
    assert answer_for("payment/shop/T-0")["current_decision"]["basis"] == "no_model"


@pytest.mark.parametrize("rebuilt", [False, True])
def test_a_label_before_its_event_counts_like_one_after_it(send, work, rebuilt):
    say(label(0, "fraud"))
    send(payments(2))
    if rebuilt:
        rebuild_pending()
    work()
    kinds = [item.kind for chunk in iter_lane_items(LANE) for item in chunk.items]
    assert kinds == ["event", "event", "label"]
    applied = online_states()
    reorder_lane(LANE, reason="test")
    assert online_states() == applied
    assert online_states() == rebuilt_states()


def test_a_repeated_label_changes_nothing(send):
    send(payments(1))
    assert say(label(0, "fraud"))[0].status == "recorded"
    assert say(label(0, "fraud"))[0].status == "unchanged"
    assert len(read_stream("label/payment/shop/T-0")) == 1


def test_an_event_that_cannot_be_processed_is_parked_and_the_lane_goes_on(send, work):
    send(payments(3))
    entry = NewEntry(
        stream="payment/shop/poison",
        expected_version=0,
        type="event.received",
        data={
            "type": "payment",
            "source": "shop",
            "id": "poison",
            "occurred_at": "2026-03-01T12:00:00Z",
            "history": False,
            "fields": {"card": 7, "customer": None, "merchant": [], "amount": "not money"},
        },
    )
    now = datetime.now(UTC)
    append([entry], now=now, alongside=queued(entry.stream, now=now))
    send(payments(3, start=3))
    work()
    assert Decision.objects.count() == 6
    parked = Pending.objects.get()
    assert parked.state == "parked"
    assert parked.error
    assert answer_for("payment/shop/poison")["status"] == "parked"
    assert online_states() == rebuilt_states()


def test_a_label_that_cannot_be_processed_is_parked_and_others_are_applied(send, work):
    entry = NewEntry(
        stream="payment/shop/T-7",
        expected_version=0,
        type="event.received",
        data={
            "type": "payment",
            "source": "shop",
            "id": "T-7",
            "occurred_at": "2026-03-01T12:00:00Z",
            "history": False,
            "fields": {"card": "card-1", "amount": "not money"},
        },
    )
    now = datetime.now(UTC)
    append([entry], now=now, alongside=queued(entry.stream, now=now))
    say(label(7, "fraud"))
    work()
    assert sorted(Pending.objects.values_list("kind", "state")) == [("event", "parked"), ("label", "parked")]
    assert say(label(7, "fraud"))[0].status == "unchanged"
    assert say(label(7, "legitimate"))[0].status == "recorded"


def test_a_batch_that_fails_after_the_commit_is_not_applied_again(send, work, monkeypatch):
    def fail(answers: object) -> None:
        raise ValueError("cannot be sent")

    send(payments(3))
    say(label(0, "fraud"), label(1, "fraud"))
    Pending.objects.update(wake_token="a-client")
    monkeypatch.setattr("scoring.signals.reply_channels.send_answers", fail)
    work()
    assert sum(len(run.positions) for run in iter_lane_runs(LANE, items=100)) == 5
    assert [entry.type for entry in read_stream("payment/shop/T-2")] == ["event.received", "decision.made"]
    assert not Pending.objects.exists()
    assert online_states() == rebuilt_states()


def test_a_fallback_is_revised_when_the_lane_works_again(send, work):
    receipt = send(payments(1))[0]
    answers = decide_without_lane(read_stream(receipt.stream), cause="broker_unavailable")
    assert answers[receipt.stream]["decision"]["basis"] == "fallback"
    work()
    answer = answer_for(receipt.stream)
    assert answer["decision"]["cause"] == "broker_unavailable"
    assert answer["current_decision"]["basis"] == "no_model"
    assert [entry.type for entry in read_stream(receipt.stream)] == [
        "event.received",
        "decision.made",
        "decision.revised",
    ]


def test_only_one_of_fallback_and_lane_decides(send, work):
    receipt = send(payments(1))[0]
    received = read_stream(receipt.stream)
    work()
    answers = decide_without_lane(received, cause="timeout")
    assert answers[receipt.stream]["decision"]["basis"] == "no_model"
    assert Decision.objects.count() == 1


def test_waiting_clients_come_first(send):
    send(payments(40))
    connections.client().delete("assay:{commerce}:door:flag")
    send(payments(1, start=100), wait=0.01)
    assert claiming.claim(LANE, limit=1)[0].event_stream == "payment/shop/T-100"


def test_a_decision_says_whether_a_client_waited_for_it(send, work):
    send(payments(1))
    send(payments(1, start=100), wait=0.01)
    work()
    made = [read_stream(f"payment/shop/T-{number}")[1] for number in (0, 100)]
    assert [decision.data["waited"] for decision in made] == [False, True]


def test_a_late_event_is_decided_and_counted_in_its_own_window(send, work):
    send(payments(10))
    work()
    late = (MARCH - timedelta(days=3)).isoformat()
    send([submission(payment_payload(50, occurred_at=late))])
    work()
    assert answer_for("payment/shop/T-50")["status"] == "decided"
    assert online_states() == rebuilt_states()


def test_a_repeated_submission_of_an_undecided_event_waits_for_its_decision(send, online_redis):
    send(payments(1))
    with ThreadPoolExecutor(1) as sender:
        repeated = sender.submit(send_and_close, send, payments(1), wait=10)
        wait_until(Pending.objects.filter(wake_token__isnull=False).exists)
        with held_lane(LANE):
            runner = LaneRunner(LANE)
            while runner.step():
                pass
        receipt = repeated.result()[0]
    assert receipt.created is False
    assert receipt.answer["status"] == "decided"


def test_a_repeated_submission_of_an_undecided_event_falls_back_when_asked_to(send):
    send(payments(1))
    receipt = send(payments(1), wait=0.05, on_timeout="fallback")[0]
    assert receipt.answer["decision"]["cause"] == "timeout"


def test_a_parked_event_is_decided_by_the_failure_policy_when_asked_to(send, work):
    receipt = send(payments(1))[0]
    received = read_stream(receipt.stream)
    now = datetime.now(UTC)
    append(
        [NewEntry(receipt.stream, 1, "event.parked", {"position": 1, "kind": "event", "error": "x"})], now=now
    )
    count = "decision", "payment", "review", "fallback", ""
    before = read_counts().get(count, 0)
    answer = decide_without_lane(received, cause="timeout")[receipt.stream]
    assert (answer["status"], answer["decision"]["basis"]) == ("decided", "fallback")
    assert read_stream(receipt.stream)[2].metadata["causation"] == received[0].position
    assert read_counts()[count] == before + 1


def test_a_parked_label_does_not_hide_its_event(send, work):
    send(payments(1))
    say(label(0, "fraud"))
    now = datetime.now(UTC)
    parked = {"position": 1, "kind": "label", "error": "x"}
    append([NewEntry("label/payment/shop/T-0", 1, "label.parked", parked)], now=now)
    answer = answer_for("payment/shop/T-0")
    assert answer["label"] == "fraud"
    assert len(answer["labels"]) == 1


def test_receipts_of_an_older_schema_are_lifted_before_they_are_folded(send, work, monkeypatch):
    send(payments(2))
    work()
    monkeypatch.setitem(upcasters._current, "event.received", 2)
    monkeypatch.setitem(
        upcasters._steps,
        ("event.received", 1),
        lambda data: {**data, "fields": {**data["fields"], "card": "lifted"}},
    )
    send(payments(1, start=50))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE scoring_logentry SET schema_version = 1 WHERE stream = 'payment/shop/T-50'")
        cursor.execute("SET session_replication_role = DEFAULT")
    work()
    assert "0:lifted" in online_states()
    assert [key for key in rebuilt_states() if key.startswith("0:")] == ["0:lifted"]
