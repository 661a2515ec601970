"""Trainings as jobs: a real worker, one at a time, cancelled, failed, redelivered, abandoned."""

import os
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from celery import current_app
from django.core.management import call_command
from kombu.exceptions import OperationalError

from scoring.catalog.errors import UnknownEventType
from scoring.jobs.progress import JobProgress
from scoring.jobs.queue import JobQueue
from scoring.learning.errors import TrainingNotPossible, UnknownTraining
from scoring.learning.jobs import running
from scoring.learning.jobs import trainings as jobs
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.retraining import request_retraining
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.learning.training.recipe import TrainingConfig
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from scoring.registry import loaded_models
from scoring.registry.models import ModelArtifact, ModelVersion
from tests.factories.history import load_history
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
OPTIONS = JobOptions(as_of=END, matures_after_days=14, config=TrainingConfig(trees=20, depth=4))
TASK = "scoring.learning.tasks.run_training_job"


@pytest.fixture
def history(online_redis, settings, tmp_path):
    """Forty days of payments in the log, sequenced."""
    settings.VAR_DIR = tmp_path / "var"
    loaded_models.load_model.cache_clear()
    load_history(end=END, now=NOW)


@pytest.fixture
def messages(monkeypatch):
    """The numbers that trainers would have been told of; nothing is sent."""
    sent: list[int] = []
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: sent.append(number))
    return sent


def request(options: JobOptions = OPTIONS, actor: str = "user/ana") -> int:
    return jobs.request_training("payment", actor=actor, now=NOW, options=options)


def job(number: int) -> TrainingJob:
    return TrainingJob.objects.get(number=number)


def run(number: int) -> bool:
    return running.run_job(number, clock=lambda: NOW)


def told(number: int) -> list[str]:
    return [entry.type.removeprefix("training.") for entry in read_stream(f"training/{number}")]


def test_a_worker_runs_the_requested_training_and_then_the_queued_one(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], history
):
    celery_worker_process(queues="training")
    first = request()
    wait_until(lambda: job(first).state == "finished", seconds=90, seen=TrainingJob.objects.values)
    version = ModelVersion.objects.get(name=job(first).model)
    assert (version.trained_by, version.status) == ("user/ana", "candidate")
    assert told(first) == ["requested", "started", "finished"]
    assert TrainingProgress.objects.get(job=first).step == "registering"


def test_a_job_gives_the_same_artifact_as_the_command(history, messages):
    number = request(JobOptions(as_of=END, matures_after_days=14, config=TrainingConfig(trees=15)))
    assert run(number)
    call_command(
        "train", "--as-of", "2026-03-01", "--matures-after", "14", "--trees", "15", stdout=StringIO()
    )
    assert len(set(ModelVersion.objects.values_list("artifact", flat=True))) == 1
    assert ModelVersion.objects.count() == 2


def test_a_message_that_comes_twice_does_nothing_the_second_time(history, messages):
    number = request()
    assert run(number)
    assert not run(number)
    assert told(number) == ["requested", "started", "finished"]
    assert ModelVersion.objects.count() == 1


def test_another_training_waits_while_one_runs_and_is_started_at_its_end(history, messages):
    first, second = request(), request()
    with jobs.trainings.held() as held:
        assert held
        assert not run(second)
    assert job(second).state == "queued"
    messages.clear()
    assert run(first)
    assert messages == [second]


def test_two_trainings_requested_at_once_have_different_numbers(online_redis, messages):
    assert [request(), request()] == [1, 2]
    assert messages == [1, 2]


def test_a_queued_training_is_cancelled_at_once_and_never_runs(online_redis, messages):
    number = request()
    jobs.trainings.cancel(number, actor="user/lea", now=NOW)
    assert (job(number).state, job(number).cancelled_by) == ("cancelled", "user/lea")
    assert not run(number)
    with pytest.raises(TrainingNotPossible, match="is cancelled"):
        jobs.trainings.cancel(number, actor="user/lea", now=NOW)


@pytest.mark.parametrize("step", ["reading the lane", "growing the trees", "registering"])
def test_a_running_training_that_is_cancelled_ends_and_leaves_no_model(history, messages, monkeypatch, step):
    begin = JobProgress.begin

    def cancel_before(watch, name, *, total=None):
        if name == step:
            jobs.trainings.cancel(number, actor="user/lea", now=NOW)
        begin(watch, name, total=total)

    monkeypatch.setattr(JobProgress, "begin", cancel_before)
    number = request()
    assert run(number)
    assert told(number) == ["requested", "started", "cancel_requested", "cancelled"]
    assert (job(number).cancelled_by, job(number).ended_at) == ("user/lea", NOW)
    assert not ModelVersion.objects.exists()


def test_a_cancellation_between_two_boosting_rounds_stops_the_training(history, messages, monkeypatch):
    monkeypatch.setattr("scoring.jobs.progress.SECONDS_BETWEEN_WRITES", 0.0)
    advance, rounds = JobProgress.advance, []

    def cancel_in_the_third_round(watch, count):
        if watch._step == "growing the trees":
            rounds.append(count)
            if len(rounds) == 3:
                jobs.trainings.cancel(number, actor="user/lea", now=NOW)
        advance(watch, count)

    monkeypatch.setattr(JobProgress, "advance", cancel_in_the_third_round)
    number = request()
    run(number)
    assert (job(number).state, len(rounds)) == ("cancelled", 3)


def test_a_cancellation_while_the_model_is_registered_comes_too_late_or_in_time_but_never_both(
    history, messages, monkeypatch
):
    """The flag is read again under the row's lock, in the transaction that registers."""
    monkeypatch.setattr(JobProgress, "_note", lambda watch: None)  # no progress is reported meanwhile
    monkeypatch.setattr(running, "register_fitted", lambda *a, **k: pytest.fail("registered all the same"))
    number = request()
    fit = running.fit_model

    def fit_then_cancel(*args, **options):
        fitted = fit(*args, **options)
        jobs.trainings.cancel(number, actor="user/lea", now=NOW)
        return fitted

    monkeypatch.setattr(running, "fit_model", fit_then_cancel)
    run(number)
    assert job(number).state == "cancelled"


def test_a_failed_training_changes_nothing_and_says_why(history, messages):
    before = LogEntry.objects.count()
    number = request(JobOptions(as_of=END - timedelta(days=25), matures_after_days=14))
    run(number)
    assert job(number).state == "failed"
    assert "mature events span 0.9 days; training needs at least 1 day" in job(number).error
    new = LogEntry.objects.order_by("position")[before:]
    assert [entry.type for entry in new] == ["training.requested", "training.started", "training.failed"]


def test_a_failure_while_registering_takes_everything_back(history, messages, monkeypatch):
    def stop(*args, **options):
        raise RuntimeError("disk full")

    monkeypatch.setattr("scoring.learning.training.runs.register_model", stop)
    number = request()
    run(number)
    assert job(number).error == "RuntimeError: disk full"
    assert not LogEntry.objects.filter(type="vocabulary.frozen").exists()
    assert not ModelArtifact.objects.exists()


def test_a_trainer_that_is_told_to_stop_marks_its_training_failed(history, messages, monkeypatch):
    def stop(*args, **options):
        raise SystemExit(0)

    monkeypatch.setattr(running, "fit_model", stop)
    number = request()
    with pytest.raises(SystemExit):
        run(number)
    assert (job(number).state, job(number).error) == ("failed", "the trainer process was stopped")
    with jobs.trainings.held() as held:
        assert held


def test_a_training_whose_process_was_killed_is_failed_by_the_sweep_and_the_next_one_runs(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], history, messages
):
    worker = celery_worker_process(queues="training")
    long = JobOptions(as_of=END, matures_after_days=14, config=TrainingConfig(trees=4_000, depth=12))
    number, second = request(long), request()
    from config.celery import app

    with app.connection_for_write() as broker:
        app.send_task(TASK, args=[number], queue="training", connection=broker)
    wait_until(lambda: job(number).state == "running" and TrainingProgress.objects.exists(), seconds=90)
    assert jobs.trainings.sweep(now=NOW) == []
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    messages.clear()
    wait_until(lambda: jobs.trainings.sweep(now=NOW) == [number], seconds=20)
    assert job(number).error == "the trainer process ended"
    assert second in messages
    assert run(second)


def test_a_queued_training_whose_message_was_lost_is_sent_again(online_redis, messages):
    number = request()
    messages.clear()
    assert jobs.trainings.sweep(now=NOW) == []
    assert messages == [number]


def test_a_request_without_a_broker_waits_for_the_sweep(online_redis, monkeypatch):
    def refuse(*args, **options):
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", refuse)
    assert job(request()).state == "queued"


def test_unknown_types_and_numbers_are_refused(online_redis, messages):
    with pytest.raises(UnknownEventType):
        jobs.request_training("paymnet", actor="user/ana", now=NOW)
    with pytest.raises(UnknownTraining):
        jobs.trainings.cancel(7, actor="user/ana", now=NOW)


def test_a_schedule_trains_when_labels_are_new_and_nothing_is_under_way(history, messages, caplog):
    def retrain(*, only_if_new_labels: bool = True) -> int | None:
        return request_retraining("payment", options=OPTIONS, only_if_new_labels=only_if_new_labels, now=NOW)

    number = retrain()
    assert number is not None
    assert job(number).requested_by == "schedule"
    caplog.set_level("INFO")
    assert retrain() is None
    assert f"training {number} has not ended yet" in caplog.text
    assert run(number)
    assert retrain() is None
    assert "no label was recorded" in caplog.text
    assert retrain(only_if_new_labels=False) == number + 1


def test_rebuilding_gives_the_same_rows(history, messages):
    cancelled, number = request(), request()
    jobs.trainings.cancel(cancelled, actor="user/lea", now=NOW)
    run(number)
    before = list(TrainingJob.objects.order_by("number").values()), list(ModelVersion.objects.values())
    call_command("rebuild", projection=["trainingjob", "modelversion"], verbosity=0, stdout=StringIO())
    after = list(TrainingJob.objects.order_by("number").values()), list(ModelVersion.objects.values())
    assert after == before
