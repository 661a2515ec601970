"""Schedules belong to administrators once they are in the database."""

import json
import re
from datetime import timedelta
from unittest.mock import Mock

import pytest
from celery.schedules import schedule
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import DjangoAssertNumQueries

from config import schedules
from config.admin import TaskForm
from config.celery import app
from config.schedules import Scheduler, is_needed
from monitoring.overview.facts import read_broken_schedules
from scoring.errors import ScoringError
from scoring.learning.models import TrainingJob
from scoring.learning.tasks import retrain
from scoring.schedules import schedule_problems

pytestmark = pytest.mark.django_db(transaction=True)  # the scheduler closes its connection

TRAININGS = "start queued trainings and fail lost ones"
RETRAINING = "retrain the payment model"
LIST = "admin:django_celery_beat_periodictask_changelist"


def start_beat() -> None:
    """Update the database as the scheduler does when its process starts."""
    # Named with a dot between module and class, or with a colon as Celery allows.
    scheduler = import_string(settings.CELERY_BEAT_SCHEDULER.replace(":", "."))(app=app, lazy=True)
    scheduler.setup_schedule()


def test_a_first_start_writes_what_the_settings_say() -> None:
    start_beat()
    assert set(settings.CELERY_BEAT_SCHEDULE) <= set(PeriodicTask.objects.values_list("name", flat=True))
    nightly = PeriodicTask.objects.get(name=RETRAINING)
    assert (nightly.crontab.hour, nightly.crontab.minute) == ("3", "17")


def test_an_administrators_changes_survive_a_restart() -> None:
    start_beat()
    daily, _ = IntervalSchedule.objects.get_or_create(every=1, period="days")
    changed = PeriodicTask.objects.get(name=TRAININGS)
    changed.interval, changed.enabled = daily, False
    changed.save()
    start_beat()
    changed.refresh_from_db()
    assert changed.schedule == schedule(timedelta(days=1))
    assert not changed.enabled


def test_schedules_have_descriptions_and_an_administrators_own_stays() -> None:
    start_beat()
    assert not PeriodicTask.objects.filter(name__in=settings.CELERY_BEAT_SCHEDULE, description="").exists()
    PeriodicTask.objects.filter(name=TRAININGS).update(description="")
    PeriodicTask.objects.filter(name=RETRAINING).update(description="Moved to 2 am, says Kim.")
    start_beat()
    assert PeriodicTask.objects.get(name=TRAININGS).description.startswith("Marks a training")
    assert PeriodicTask.objects.get(name=RETRAINING).description == "Moved to 2 am, says Kim."


def test_a_new_versions_schedule_is_added_to_the_existing_ones() -> None:
    start_beat()
    PeriodicTask.objects.filter(name=RETRAINING).delete()
    start_beat()
    assert PeriodicTask.objects.filter(name=RETRAINING).exists()


def test_beat_looks_for_changed_schedules_at_intervals_and_not_at_every_tick(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    start_beat()
    clock = [1_000.0]
    monkeypatch.setattr(schedules, "time", Mock(monotonic=lambda: clock[0]))
    beat = Scheduler(app=app, lazy=True)
    assert beat.schedule[TRAININGS].model.enabled
    assert TRAININGS in beat.schedule  # the first look
    PeriodicTask.objects.get(name=TRAININGS).delete()
    with django_assert_num_queries(0):
        assert TRAININGS in beat.schedule
    clock[0] += schedules.LOOK_SECONDS
    assert TRAININGS not in beat.schedule


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def send(client: Client, action: str, *names: str) -> str:
    """Run a list action on schedules by name; returns the resulting page."""
    chosen = [PeriodicTask.objects.get(name=name).pk for name in names]
    sent = {"action": action, "_selected_action": chosen, "post": "yes"}
    return client.post(reverse(LIST), sent, follow=True).content.decode()


def test_a_needed_schedule_cannot_be_disabled_or_deleted(administrator: Client) -> None:
    start_beat()
    page = send(administrator, "disable_tasks", "run the log's consumers", RETRAINING)
    assert "they stay enabled: run the log&#x27;s consumers." in page
    send(administrator, "delete_selected", "run the log's consumers")
    needed = PeriodicTask.objects.get(name="run the log's consumers")
    assert needed.enabled
    assert not PeriodicTask.objects.get(name=RETRAINING).enabled


def test_only_the_times_of_a_needed_schedule_can_be_edited(administrator: Client) -> None:
    start_beat()
    needed = PeriodicTask.objects.get(name=TRAININGS)
    minute, _ = IntervalSchedule.objects.get_or_create(every=1, period="minutes")
    sent = {"name": "other", "task": "scoring.learning.tasks.retrain", "interval": minute.pk, "args": "[1]"}
    administrator.post(reverse("admin:django_celery_beat_periodictask_change", args=[needed.pk]), sent)
    changed = PeriodicTask.objects.get(pk=needed.pk)
    assert (changed.name, changed.task, changed.args, changed.enabled) == (
        *(TRAININGS, "scoring.learning.tasks.sweep_trainings", "[]", True),
    )
    assert changed.interval == minute


def test_a_disabled_needed_schedule_can_be_enabled_again(administrator: Client) -> None:
    start_beat()
    PeriodicTask.objects.filter(name=TRAININGS).update(enabled=False)
    send(administrator, "enable_tasks", TRAININGS)
    assert PeriodicTask.objects.get(name=TRAININGS).enabled


def test_all_but_the_retraining_are_needed() -> None:
    start_beat()
    optional = [
        task.name
        for task in PeriodicTask.objects.exclude(name="celery.backend_cleanup")
        if not is_needed(task)
    ]
    assert optional == [RETRAINING]


RUN_LANE = "scoring.runner.tasks.run_lane"
RETRAIN = "scoring.learning.tasks.retrain"
MISTYPED = [
    ({"event_type": "paymnt"}, "unknown event type 'paymnt'; known: payment"),
    ({"event_type": "refund"}, "event type 'refund' is not scored"),
    ({"event_type": 5}, "unknown event type '5'"),
    ({}, "missing a required argument: 'event_type'. It takes event_type, matures_after_days"),
    ({"event_type": "payment", "matures_after": 7}, "unexpected keyword argument 'matures_after'"),
    ({"event_type": "payment", "matures_after_days": "forty"}, "'forty' is not a number of days from 0"),
    ({"event_type": "payment", "matures_after_days": -5}, "-5 is not a number of days from 0"),
    ({"event_type": "payment", "matures_after_days": True}, "True is not a number of days"),
    ({"event_type": "payment", "only_if_new_labels": "no"}, "'no' is not true or false"),
    ({"event_type": "payment", "since": "last year"}, "'last year' is not a date or time"),
]


@pytest.mark.parametrize(("arguments", "problem"), MISTYPED)
def test_invalid_arguments_are_refused_when_a_schedule_is_saved(arguments, problem) -> None:
    form = schedule_form(kwargs=json.dumps(arguments))
    assert not form.is_valid()
    assert problem in form.errors["kwargs"][0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"event_type": "payment"},
        {"event_type": "payment", "matures_after_days": 0, "since": "2026-01-31"},
        {"event_type": "payment", "matures_after_days": None, "only_if_new_labels": False},
    ],
)
def test_valid_arguments_are_saved(arguments) -> None:
    assert schedule_form(kwargs=json.dumps(arguments)).is_valid()


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        (
            {"task": "scoring.learning.tasks.retrian"},
            "task",
            "There is no task 'scoring.learning.tasks.retrian'",
        ),
        ({"queue": "trainings"}, "queue", "choose one of default, lanes, media, texts, training."),
        ({"args": '{"event_type": "payment"}'}, "args", "a JSON list"),
        ({"kwargs": '["payment"]'}, "kwargs", "a JSON object"),
        ({"task": "monitoring.tasks.prune_windows"}, "kwargs", "It takes no arguments"),
        (
            {"task": "scoring.runner.tasks.run_lane", "kwargs": '{"lane": "comerce"}'},
            "kwargs",
            "'comerce'",
        ),
    ],
)
def test_unknown_tasks_and_queues_are_refused_too(changes, field, problem) -> None:
    form = schedule_form(**({"kwargs": '{"event_type": "payment"}'} | changes))
    assert not form.is_valid()
    assert problem in form.errors[field][0]


@pytest.mark.parametrize("name", settings.CELERY_BEAT_SCHEDULE)
def test_every_default_schedule_is_valid(name: str) -> None:
    start_beat()
    task = PeriodicTask.objects.get(name=name)
    assert schedule_problems(task.task, args=task.args, kwargs=task.kwargs, queue=task.queue) == {}


@pytest.mark.parametrize(("arguments", "problem"), [row for row in MISTYPED if "event_type" in row[0]][:3])
def test_retraining_an_unknown_type_fails_and_names_the_known_ones(arguments, problem) -> None:
    """Such a schedule was saved before arguments were validated, or directly in the database."""
    with pytest.raises(ScoringError, match=re.escape(problem)):
        retrain(**arguments)
    assert not TrainingJob.objects.exists()


def test_an_invalid_schedule_is_on_the_overview_until_corrected() -> None:
    daily, _ = IntervalSchedule.objects.get_or_create(every=1, period="days")
    broken = PeriodicTask.objects.create(
        name="retrain", task=RETRAIN, kwargs='{"event_type": "paymnt"}', interval=daily
    )
    PeriodicTask.objects.create(name="off", task="nothing", interval=daily, enabled=False)
    assert [name for name, _ in read_broken_schedules()] == ["retrain"]
    broken.kwargs = '{"event_type": "payment"}'
    broken.save()
    assert read_broken_schedules() == []


def schedule_form(**given: str) -> TaskForm:
    daily, _ = IntervalSchedule.objects.get_or_create(every=1, period="days")
    data = {"name": "mine", "task": RETRAIN, "interval": daily.pk, "args": "[]", "kwargs": "{}"}
    return TaskForm(data | {"headers": "{}", "enabled": "on"} | given)
