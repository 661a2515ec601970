"""A batch is computed while the one before is being written, with the same results."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections

from scoring.decisions.models import Decision
from scoring.intake.amending.corrections import correct_event
from scoring.intake.receive import Submission
from scoring.lanes.lock import held_lane
from scoring.lanes.models import Pending
from scoring.lanes.order import read_head
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from scoring.runner import writing
from scoring.runner.batch_limits import MIN_SIZE
from scoring.runner.lane_runner import LaneRunner
from scoring.runner.worker_loop import work_lane
from scoring.signals import lane_notifications, reply_channels
from tests.factories.lane_items import iter_lane_items
from tests.factories.payments import payment_payload, payments, submission
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states

pytestmark = pytest.mark.django_db(transaction=True)


class Late(Future[Any]):
    """Does its work when the result is requested: never before the next batch was computed."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.work = work

    def result(self, timeout: float | None = None) -> Any:
        self._do()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._do()
        return super().exception(timeout)

    def _do(self) -> None:
        if self.done():
            return
        try:
            self.set_result(self.work())
        except Exception as error:  # noqa: BLE001 - as an executor keeps it
            self.set_exception(error)


class LateWriter(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Late:
        return Late(lambda: fn(*args, **kwargs))


@pytest.fixture(autouse=True)
def small_batches_without_messages(monkeypatch):
    monkeypatch.setattr("scoring.runner.batch_limits.next_size", lambda size, **spent: MIN_SIZE)
    monkeypatch.setattr("scoring.runner.batch_limits.MAX_FILL", MIN_SIZE)
    monkeypatch.setattr(lane_notifications, "send_task", lambda lane: "")


@pytest.fixture
def runner(transactional_db, online_redis):
    with held_lane(LANE):
        yield LaneRunner(LANE, writer=LateWriter())


def work_all(runner: LaneRunner) -> None:
    while runner.step():
        pass
    runner.finish()


def vectors() -> dict[str, bytes]:
    made = LogEntry.objects.filter(type="decision.made")
    return {entry.stream.rsplit("/", 1)[1]: bytes(entry.packed) for entry in made}


def assert_all_decided_once(count: int) -> None:
    assert Decision.objects.count() == count
    assert Decision.objects.values("event_position").distinct().count() == count
    assert not Pending.objects.exists()
    assert online_states() == rebuilt_states()


def test_a_batch_sees_the_changes_of_the_batch_in_flight(send, runner):
    send(payments(3 * MIN_SIZE))
    runner.step()
    assert not Decision.objects.exists()  # computed, not written
    assert runner.limits.pace > 0.0
    runner.step()
    assert Decision.objects.count() == MIN_SIZE
    assert [runner.step(), runner.step()] == [MIN_SIZE, 0]  # what is being written is not claimed again
    assert runner.exhausted
    assert_all_decided_once(3 * MIN_SIZE)
    assert runner.pipeline.head == read_head(LANE)  # which the next holder begins from


def test_a_batch_is_computed_before_the_one_ahead_is_written(send, runner, monkeypatch):
    order: list[str] = []
    compute, commit = runner._compute, writing._commit
    monkeypatch.setattr(runner, "_compute", lambda claims: order.append("computed") or compute(claims))
    monkeypatch.setattr(writing, "_commit", lambda *given: order.append("written") or commit(*given))
    send(payments(2 * MIN_SIZE))
    work_all(runner)
    assert order == ["computed", "computed", "written", "written"]


def test_an_interrupted_wait_keeps_the_batch_in_flight(send, runner):
    send(payments(1))
    runner.step()
    under_way = runner.pipeline.in_flight
    assert under_way is not None
    write = under_way.written.work

    def be_interrupted() -> None:
        under_way.written.work = write
        raise KeyboardInterrupt

    under_way.written.work = be_interrupted
    with pytest.raises(KeyboardInterrupt):
        runner.step()
    runner.finish()
    assert runner.pipeline.head.seq == 1
    assert_all_decided_once(1)


def test_a_correction_of_an_event_in_flight_builds_on_it(send, runner):
    send(payments(2))
    runner.step()
    assert not Decision.objects.exists()  # computed, not written
    correct_event(
        submission(payment_payload(1, amount="99.00")), source="shop", reason="a typo", now=datetime.now(UTC)
    )
    work_all(runner)
    items = [item for chunk in iter_lane_items(LANE) for item in chunk.items]
    assert [item.kind for item in items] == ["event", "event", "undo", "event"]
    assert online_states() == rebuilt_states()


def _forget_everything(online_redis) -> None:
    with connection.cursor() as cursor:
        for table in ("scoring_logentry", "scoring_event", "scoring_decision"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER; DELETE FROM {table}")  # noqa: S608
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    online_redis.flushdb()


def test_vectors_are_the_same_as_without_the_overlap(send, runner, work, online_redis):
    send(payments(2 * MIN_SIZE + 5))
    work_all(runner)
    ahead = vectors()
    _forget_everything(online_redis)
    send(payments(2 * MIN_SIZE + 5))
    work()
    assert vectors() == ahead


def test_a_batch_is_discarded_with_the_one_that_was_refused(send, runner, work):
    send(payments(2 * MIN_SIZE))
    runner.step()
    work()  # another holder does all of it first
    assert runner.step() == 0
    assert runner.exhausted is False
    send(payments(3, start=2 * MIN_SIZE))
    work_all(runner)
    assert_all_decided_once(2 * MIN_SIZE + 3)


def test_a_batch_computed_on_a_refused_one_is_not_written(send, runner, work):
    send(payments(2 * MIN_SIZE))
    runner.step()
    work()
    send(payments(3, start=2 * MIN_SIZE))
    runner.step()  # on a head that is not there
    assert runner.exhausted is False
    assert Decision.objects.count() == 2 * MIN_SIZE
    work_all(runner)
    assert_all_decided_once(2 * MIN_SIZE + 3)


def test_a_batch_that_cannot_be_computed_does_not_overtake_a_refused_one(send, runner, monkeypatch):
    send(payments(MIN_SIZE + 5))
    runner.step()
    failures = {
        "_commit": StreamConflict("lane/commerce", 0),
        "_compute": ValueError("not as a whole"),
    }
    with monkeypatch.context() as failing:
        for place, (name, error) in zip((writing, runner), failures.items(), strict=True):
            failing.setattr(place, name, lambda *given, error=error: _raise(error))
        runner.step()
        assert runner.exhausted is False
    work_all(runner)
    seqs = [read_stream(f"payment/shop/T-{number}")[1].data["seq"] for number in range(MIN_SIZE + 5)]
    assert seqs == list(range(1, MIN_SIZE + 6))
    assert_all_decided_once(MIN_SIZE + 5)


def _raise(error: Exception) -> None:
    raise error


def test_a_redis_flushed_while_a_batch_is_written_is_restored(send, runner, online_redis):
    send(payments(3 * MIN_SIZE))
    runner.step()
    online_redis.flushdb()
    work_all(runner)
    assert_all_decided_once(3 * MIN_SIZE)


class Unnoticed(Future[Any]):
    """Is done but does not say so: the runner continues as if the batch were in flight."""

    def done(self) -> bool:
        return False


class UnnoticedWriter(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Unnoticed:
        written = Unnoticed()
        written.set_result(fn(*args, **kwargs))
        return written


def test_states_that_the_batch_ahead_has_written_meanwhile_are_read(send, runner, monkeypatch):
    runner.pipeline._writer = UnnoticedWriter()
    monkeypatch.setattr(runner, "_restore", lambda refused: pytest.fail(f"begun again: {refused}"))
    send(payments(2 * MIN_SIZE))
    work_all(runner)
    assert_all_decided_once(2 * MIN_SIZE)


def test_a_redis_flushed_before_the_next_batch_is_noticed_before_an_answer_is_sent(
    send, runner, online_redis, work
):
    runner.pipeline._writer = UnnoticedWriter()
    for place, whom in enumerate("aba"):
        send(payments_of(whom, start=place * MIN_SIZE))
    runner.step()
    runner.step()
    online_redis.flushdb()
    work_all(runner)
    assert_all_decided_once(3 * MIN_SIZE)
    replayed = vectors()
    _forget_everything(online_redis)
    for place, whom in enumerate("aba"):
        send(payments_of(whom, start=place * MIN_SIZE))
    work()
    assert vectors() == replayed


def test_a_redis_flushed_after_the_next_batch_has_read_it_is_restored(
    send, runner, online_redis, monkeypatch
):
    send(payments(3 * MIN_SIZE))
    runner.step()
    compute = runner._compute

    def then_flush(claims):
        worked = compute(claims)
        monkeypatch.setattr(runner, "_compute", compute)
        online_redis.flushdb()
        return worked

    monkeypatch.setattr(runner, "_compute", then_flush)
    work_all(runner)
    assert_all_decided_once(3 * MIN_SIZE)


def payments_of(whom: str, *, start: int) -> list[Submission]:
    names = {name: f"{name}-{whom}" for name in ("card", "customer", "merchant", "device")}
    return payments(MIN_SIZE, start=start, ip=f"192.0.2.{ord(whom)}", **names)


def test_states_read_at_another_cursor_are_refused(send, runner, monkeypatch):
    for place, whom in enumerate("aba"):
        send(payments_of(whom, start=place * MIN_SIZE))
    runner.step()
    runner.step()
    look = runner.store.look

    def elsewhere(*given: Any) -> Any:
        monkeypatch.setattr(runner.store, "look", look)
        found = look(*given)
        return found._replace(cursor="7:7", states=dict.fromkeys(found.states))

    monkeypatch.setattr(runner.store, "look", elsewhere)
    work_all(runner)
    assert_all_decided_once(3 * MIN_SIZE)


def test_an_entry_that_cannot_be_written_is_parked_and_the_next_batch_computed_again(
    send, runner, monkeypatch
):
    append = writing.append

    def choke(entries: list[NewEntry], **how: Any) -> Any:
        if any(entry.stream.endswith("/T-5") for entry in entries):
            raise ValueError("cannot write T-5")
        return append(entries, **how)

    monkeypatch.setattr(writing, "append", choke)
    send(payments(2 * MIN_SIZE))
    work_all(runner)
    [parked] = Pending.objects.all()
    assert (parked.event_stream, parked.state) == ("payment/shop/T-5", "parked")
    assert parked.error == "ValueError: cannot write T-5"
    assert Decision.objects.count() == 2 * MIN_SIZE - 1
    others = [number for number in range(2 * MIN_SIZE) if number != 5]
    seqs = [read_stream(f"payment/shop/T-{number}")[1].data["seq"] for number in others]
    assert seqs == list(range(1, 2 * MIN_SIZE))
    assert online_states() == rebuilt_states()


def test_a_database_that_fails_while_a_batch_is_written_ends_the_step(send, runner, monkeypatch, work):
    commit = writing._commit

    def fail(*given: Any) -> int:
        monkeypatch.setattr(writing, "_commit", commit)
        raise DatabaseError("server closed the connection")

    monkeypatch.setattr(writing, "_commit", fail)
    send(payments(2 * MIN_SIZE))
    runner.step()
    with pytest.raises(DatabaseError):
        runner.step()
    work()
    assert_all_decided_once(2 * MIN_SIZE)


def test_a_failed_write_notifies_the_lingering_runner(send, runner, monkeypatch):
    monkeypatch.setattr(writing, "_commit", lambda *given: 1 / 0)
    send(payments(1))
    runner.step()
    lane_notifications.subscribe(LANE, pace=0.0)
    under_way = runner.pipeline.in_flight
    assert under_way is not None
    with suppress(ZeroDivisionError):
        under_way.written.result()
    assert lane_notifications.wait_for_notification(LANE, seconds=0.1)


def test_a_loop_with_a_writer_thread_decides_everything_and_waits_for_it(send):
    with ThreadPoolExecutor(1) as writer:
        send(payments(5 * MIN_SIZE))
        assert work_lane(LANE, linger=0.05, writer=writer) == 5 * MIN_SIZE
        assert_all_decided_once(5 * MIN_SIZE)
        writer.submit(connections.close_all).result()


def test_answers_are_sent_before_the_states_are_written(send, runner, monkeypatch):
    order: list[str] = []
    wake = reply_channels.send_answers
    monkeypatch.setattr(
        reply_channels, "send_answers", lambda answers: order.append("answers") or wake(answers)
    )
    write = runner.store.write
    monkeypatch.setattr(runner.store, "write", lambda *a, **k: order.append("states") or write(*a, **k))
    send(payments(2), wait=0.001)
    work_all(runner)
    assert order == ["answers", "states"]
