"""Batches that cannot be computed or written as a whole: what stays queued, and in which order."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.db import DatabaseError

from scoring.decisions.models import Decision
from scoring.intake.labels import LabelStatement, record_labels
from scoring.lanes import claiming
from scoring.lanes import queue as pending
from scoring.lanes.claiming import Claim
from scoring.lanes.lock import held_lane
from scoring.lanes.models import Pending
from scoring.lanes.order import read_head
from scoring.log.errors import StreamConflict
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from scoring.runner import writing
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.states.store import OnlineStore
from tests.factories.lane_items import iter_lane_items
from tests.factories.payments import payments
from tests.factories.rules import store_rule
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states, without_model

pytestmark = pytest.mark.django_db(transaction=True)


def say_fraud(number: int) -> None:
    said = LabelStatement("payment", f"T-{number}", "fraud", "chargeback")
    record_labels([said], source="shop", now=datetime.now(UTC))


def applied() -> list[str]:
    """What the lane has applied, in its order."""
    return [f"{item.kind} {item.fields['card']}" for c in iter_lane_items(LANE) for item in c.items]


@pytest.fixture
def runner(transactional_db: None, online_redis: Any) -> Any:
    with held_lane(LANE):
        yield LaneRunner(LANE)


def test_the_label_of_an_event_that_stays_queued_does_not_overtake_it(send, work, runner, monkeypatch):
    """The kernel would ignore the label of an event it has not seen, and every feature would lose it."""
    send(payments(2))
    say_fraud(0)
    process, tried = LaneRunner._process, []

    def leave_the_event_queued(lane: LaneRunner, claims: Sequence[Claim]) -> bool:
        tried.append([claim.kind for claim in claims])
        if len(claims) > 1:
            raise ValueError("not as a whole")
        return len(tried) > 2 and process(lane, claims)  # the first alone meets a conflict

    with monkeypatch.context() as failing:
        failing.setattr(LaneRunner, "_process", leave_the_event_queued)
        runner.step()
    assert tried == [["event", "event", "label"], ["event"]]
    assert runner.exhausted is False

    work()
    assert applied() == ["event card-0", "event card-1", "label card-0"]
    assert online_states() == rebuilt_states()


def test_the_rest_of_a_batch_stays_queued_when_one_entry_cannot_be_written(send, work, runner, monkeypatch):
    send(payments(2))
    say_fraud(0)
    commit, tried = writing._commit, []

    def refuse_the_first_alone(worked: writing.ComputedBatch, head: Any) -> int:
        tried.append([claim.kind for claim in worked.claims])
        if len(worked.claims) > 1:
            raise ValueError("not as a whole")
        if len(tried) == 2:
            raise StreamConflict("lane/commerce", head.version)
        return commit(worked, head)

    with monkeypatch.context() as failing:
        failing.setattr(writing, "_commit", refuse_the_first_alone)
        runner.step()
    assert tried == [["event", "event", "label"], ["event"]]

    work()
    assert applied() == ["event card-0", "event card-1", "label card-0"]
    assert online_states() == rebuilt_states()


def test_a_bad_entry_is_parked_and_the_rest_of_its_batch_is_processed(send, work, runner, monkeypatch):
    send(payments(3))
    work_out = LaneRunner._compute

    def choke(lane: LaneRunner, claims: Sequence[Claim]) -> writing.ComputedBatch:
        if any(claim.event["id"] == "T-1" for claim in claims):
            raise ValueError("cannot be worked")
        return work_out(lane, claims)

    monkeypatch.setattr(LaneRunner, "_compute", choke)
    runner.step()

    assert applied() == ["event card-0", "event card-2"]
    assert [row.event_stream for row in Pending.objects.all()] == ["payment/shop/T-1"]
    assert runner.exhausted is True


@pytest.mark.parametrize("bad", ["T-0", "T-1"])
def test_of_two_entries_the_good_one_is_processed_and_the_bad_one_parked(
    send, work, runner, monkeypatch, bad
):
    send(payments(2))
    work_out = LaneRunner._compute

    def choke(lane: LaneRunner, claims: Sequence[Claim]) -> writing.ComputedBatch:
        if any(claim.event["id"] == bad for claim in claims):
            raise ValueError("cannot be worked")
        return work_out(lane, claims)

    monkeypatch.setattr(LaneRunner, "_compute", choke)
    runner.step()

    [parked] = Pending.objects.all()
    assert (parked.state, parked.event_stream) == ("parked", f"payment/shop/{bad}")
    assert Decision.objects.count() == 1


def test_a_decision_without_its_model_is_committed_only_with_its_rescore(send, work, runner, monkeypatch):
    without_model(monkeypatch)
    send(payments(2))
    with monkeypatch.context() as failing:
        failing.setattr(pending, "enqueue_rescores", lambda *given, **named: _fail())
        with pytest.raises(DatabaseError):
            runner.step()
    assert not Decision.objects.exists()
    assert read_head(LANE).seq == 0
    assert Pending.objects.filter(kind="event", state="ready").count() == 2

    work()
    assert Decision.objects.filter(basis="fallback").count() == 2
    assert Pending.objects.filter(kind="rescore", state="waiting").count() == 2


def _fail() -> None:
    raise DatabaseError("the server closed the connection")


def test_states_are_written_after_the_commit(send, work, runner, monkeypatch):
    send(payments(3))
    work()
    before, cursor = online_states(), OnlineStore(LANE, runner.plan.layout_id).cursor()
    send(payments(3, start=3))
    later = LaneRunner(LANE)
    with monkeypatch.context() as failing:
        failing.setattr(writing, "append", lambda *given, **named: _fail())
        with pytest.raises(DatabaseError):
            later.step()
    assert (online_states(), later.store.cursor()) == (before, cursor)
    work()
    assert online_states() == rebuilt_states()


@pytest.mark.parametrize("place", ["look", "write"])
def test_nothing_is_parked_when_redis_is_unavailable(send, work, runner, monkeypatch, place):
    def away(*given: Any, **named: Any) -> None:
        raise redis.ConnectionError("away")

    send(payments(2))
    with monkeypatch.context() as failing:
        failing.setattr(runner.store, place, away)
        with pytest.raises(redis.ConnectionError):
            runner.step()
    assert not Pending.objects.filter(state="parked").exists()
    work()
    assert Decision.objects.count() == 2
    assert online_states() == rebuilt_states()


def test_the_next_batch_and_the_pace_follow_the_last_batches(runner, monkeypatch):
    clock, asked = iter((0.0, 0.1, 5.0, 5.05)), []
    monkeypatch.setattr("scoring.runner.lane_runner.time.perf_counter", lambda: next(clock))
    monkeypatch.setattr(
        "scoring.runner.batch_limits.next_size", lambda *now, **took: asked.append((now, took)) or 77
    )
    monkeypatch.setattr(runner, "_process", lambda claims: True)
    ten: Any = [SimpleNamespace(ruleset=0)] * 10
    assert runner._process_or_isolate(ten)
    assert runner.limits.pace == pytest.approx(100.0)
    assert runner._process_or_isolate(ten)
    assert runner.limits.pace == pytest.approx(120.0)  # a fifth of the way to 200
    assert asked[1] == ((77,), {"entries": 10, "seconds": pytest.approx(0.05)})


def test_an_unreadable_ruleset_parks_no_entry(send, runner, monkeypatch):
    store_rule("active")
    [receipt] = send(payments(1))
    with monkeypatch.context() as failing:
        failing.setattr("scoring.rules.deciding.reader.follow", lambda *versions: {}["an unknown kind"])
        with pytest.raises(KeyError):
            runner.step()
    assert not Pending.objects.filter(state="parked").exists()
    runner.step()
    assert read_stream(receipt.stream)[-1].type == "decision.made"


def test_no_answer_is_sent_before_its_decision_is_committed(send, runner, monkeypatch):
    told: list[Any] = []
    monkeypatch.setattr("scoring.signals.reply_channels.send_answers", told.append)
    send(payments(1), wait=0.001)
    with monkeypatch.context() as failing:
        failing.setattr(writing, "append", lambda *given, **named: _fail())
        with pytest.raises(DatabaseError):
            runner.step()
    assert told == []
    runner.step()
    assert len(told) == 1


def test_an_entry_that_another_holder_has_processed_is_not_parked(send, work, runner):
    send(payments(1))
    [claim] = claiming.claim(LANE, limit=1)
    work()
    with pytest.raises(StreamConflict):
        runner._park(claim, "ValueError: too late")
    assert [entry.type for entry in read_stream("payment/shop/T-0")] == ["event.received", "decision.made"]


def test_a_rescore_by_two_holders_is_written_once(send, work, runner, monkeypatch):
    with monkeypatch.context() as missing:
        without_model(missing)
        send(payments(2))
        work()
    Pending.objects.update(state="ready")
    claims = claiming.claim(LANE, limit=2)
    late = LaneRunner(LANE)
    late._load_models(claims[0].routes)
    worked = late._compute(claims)
    work()
    count = LogEntry.objects.count()

    with pytest.raises(StreamConflict):
        writing.write(worked, head=late.pipeline.head, store=late.store)

    assert LogEntry.objects.count() == count
    assert Decision.objects.filter(revision=1).count() == 2


def test_a_rescore_that_fails_again_is_tried_again_later_and_adds_no_revision(send, work, monkeypatch):
    without_model(monkeypatch)
    send(payments(1))
    work()
    [before] = Pending.objects.values_list("due_at", flat=True)
    Pending.objects.update(state="ready")

    assert work().pipeline.head == read_head(LANE)  # which no rescore moves

    [row] = Pending.objects.all()
    assert (row.kind, row.state) == ("rescore", "waiting")
    assert row.due_at > before
    assert Decision.objects.count() == 1


def test_a_rescore_that_another_holder_has_done_is_not_queued_again(send, work, monkeypatch):
    """Nothing is appended for it: only its missing row shows that it was processed."""
    without_model(monkeypatch)
    send(payments(1))
    work()
    Pending.objects.update(state="ready")
    claims = claiming.claim(LANE, limit=1)
    late = LaneRunner(LANE)
    late._load_models(claims[0].routes)
    worked = late._compute(claims)
    Pending.objects.all().delete()

    with pytest.raises(StreamConflict):
        writing.write(worked, head=late.pipeline.head, store=late.store)

    assert not Pending.objects.exists()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, online_redis: Any) -> None:
    connections.client.cache_clear()
    monkeypatch.setattr("scoring.signals.lane_notifications.send_task", lambda lane: "")
