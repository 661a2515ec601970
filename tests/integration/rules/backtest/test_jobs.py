"""Backtests as jobs: a real worker, one at a time, cancelled, failed, redelivered, abandoned."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.catalog.errors import EventTypeNotScored
from scoring.jobs.queue import JobQueue
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.progress import ProgressReporter
from scoring.rules.backtest import run as running_backtest
from scoring.rules.backtest.changes import Change, ListChange, RuleChange
from scoring.rules.backtest.errors import (
    BacktestNotPossible,
    InvalidBacktest,
    TooManyBacktests,
    UnknownBacktest,
)
from scoring.rules.backtest.jobs import backtests as jobs
from scoring.rules.backtest.jobs import running
from scoring.rules.backtest.models import BacktestJob, BacktestProgress
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.rules.errors import UnknownRule, UnknownRuleVersion
from tests.factories.rules import store_rule
from tests.integration.rules.backtest.conftest import Decide
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers that workers would have been told of; nothing is sent."""
    sent: list[int] = []
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: sent.append(number))
    return sent


@pytest.fixture
def rule() -> None:
    store_rule(expression="amount > 18.0", outcome="block")


def request(change: Change | None = None, *, actor: str = "user/ana", **fields: Any) -> int:
    now = datetime.now(UTC)
    usual = {"event_type": "payment", "since": now - HOUR, "until": now + HOUR}
    asked = BacktestRequest(change=change or RuleChange("velocity", 1), **{**usual, **fields})
    return jobs.request_backtest(asked, actor=actor, now=now)


def job(number: int) -> BacktestJob:
    return BacktestJob.objects.get(number=number)


def told(number: int) -> list[str]:
    return [entry.type.removeprefix("backtest.") for entry in read_stream(f"backtest/{number}")]


def test_a_worker_runs_the_requested_backtest(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], decide_payments: Decide, rule: None
) -> None:
    decide_payments(13)
    celery_worker_process(queues="training")
    number = request()
    wait_until(lambda: job(number).is_over, seconds=60, seen=BacktestJob.objects.values)
    done = job(number)
    assert (done.state, done.error, done.subject) == ("finished", "", "rule/velocity")
    assert sum(cell[3] for cell in done.result["cells"]) == 13
    assert told(number) == ["requested", "started", "finished"]
    assert BacktestProgress.objects.get(job=number).step == "replaying decisions"


def test_a_finished_backtest_is_rebuilt_from_the_log(
    decide_payments: Decide, messages: list[int], rule: None
) -> None:
    decide_payments(3)
    number = request()
    assert running.run_job(number)
    before = BacktestJob.objects.values().get()
    rebuild_projections([find_projection("scoring_backtestjob")])
    assert BacktestJob.objects.values().get() == before
    assert before["result"]["lists"]["newly_blocked"]["count"] == 0


def test_a_second_message_does_nothing(decide_payments: Decide, messages: list[int], rule: None) -> None:
    decide_payments(3)
    number = request()
    assert running.run_job(number)
    assert not running.run_job(number)
    assert told(number) == ["requested", "started", "finished"]


def test_the_next_backtest_is_sent_when_one_ends(
    decide_payments: Decide, messages: list[int], rule: None
) -> None:
    decide_payments(3)
    first, second = request(), request()
    messages.clear()
    running.run_job(first)
    assert messages == [second]


def test_a_queued_backtest_is_cancelled_at_once(messages: list[int], rule: None) -> None:
    number = request()
    jobs.backtests.cancel(number, actor="user/bob", now=datetime.now(UTC))
    assert (job(number).state, job(number).cancelled_by) == ("cancelled", "user/bob")
    assert not running.run_job(number)
    with pytest.raises(BacktestNotPossible, match="cannot be cancelled"):
        jobs.backtests.cancel(number, actor="user/bob", now=datetime.now(UTC))


def test_a_person_may_have_three_backtests_queued_or_running(messages: list[int], rule: None) -> None:
    first, *_ = [request() for _ in range(jobs.MAX_OPEN)]
    refused = "3 of your backtests are queued or running, and a person may have 3; wait for one to end"
    with pytest.raises(TooManyBacktests, match=refused):
        request()
    assert BacktestJob.objects.count() == jobs.MAX_OPEN
    request(actor="user/bob")
    jobs.backtests.cancel(first, actor="user/ana", now=datetime.now(UTC))
    request()


def test_a_running_backtest_stops_when_it_is_cancelled(
    decide_payments: Decide, messages: list[int], monkeypatch: pytest.MonkeyPatch, rule: None
) -> None:
    decide_payments(3)
    number = request()

    def cancelled_meanwhile(asked: BacktestRequest, *, now: datetime, watch: ProgressReporter) -> object:
        watch.begin("replaying decisions")
        jobs.backtests.cancel(number, actor="user/bob", now=now)
        return running_backtest.run_backtest(asked, now=now, watch=watch)

    monkeypatch.setattr(running, "run_backtest", cancelled_meanwhile)
    running.run_job(number)
    assert (job(number).state, job(number).cancelled_by) == ("cancelled", "user/bob")
    assert told(number) == ["requested", "started", "cancel_requested", "cancelled"]


def test_a_backtest_without_events_says_why_it_failed(messages: list[int], rule: None) -> None:
    number = request()
    running.run_job(number)
    assert job(number).state == "failed"
    assert job(number).error.startswith("no payment was decided from")


def test_a_backtest_whose_process_died_is_failed_and_the_next_one_sent(
    messages: list[int], rule: None
) -> None:
    first, second = request(), request()
    jobs.backtests.take_step(job(first), "started", {}, actor="backtester", now=datetime.now(UTC))
    messages.clear()
    assert jobs.backtests.sweep(now=datetime.now(UTC)) == [first]
    assert (job(first).state, job(first).error) == ("failed", jobs.backtests.died)
    assert messages == [second]


def test_a_running_backtest_is_left_alone(messages: list[int], rule: None) -> None:
    number = request()
    jobs.backtests.take_step(job(number), "started", {}, actor="backtester", now=datetime.now(UTC))
    with jobs.backtests.held() as held:
        assert held
        assert jobs.backtests.sweep(now=datetime.now(UTC)) == []
        assert not running.run_job(number)
    assert job(number).state == "running"


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"since": NOW, "until": NOW - HOUR}, InvalidBacktest),
        ({"since": NOW + HOUR, "until": NOW + 2 * HOUR}, InvalidBacktest),
        ({"event_type": "refund"}, EventTypeNotScored),
        ({"change": RuleChange("other", 1)}, UnknownRule),
        ({"change": RuleChange("velocity", 7)}, UnknownRuleVersion),
        ({"change": ListChange("other", action="allow")}, InvalidBacktest),
    ],
)
def test_an_invalid_request_stores_nothing(
    messages: list[int], rule: None, fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        request(**fields)
    assert not BacktestJob.objects.exists()


def test_an_unknown_backtest_is_named() -> None:
    with pytest.raises(UnknownBacktest, match="there is no backtest 7"):
        jobs.backtests.find(7)
