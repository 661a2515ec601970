"""Schedules are the administrator's once they are in the database."""

from datetime import timedelta

import pytest
from celery.schedules import schedule
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.celery import app
from config.schedules import is_needed

pytestmark = pytest.mark.django_db(transaction=True)  # the scheduler closes its connection

LIST = "admin:django_celery_beat_periodictask_changelist"


def start_beat() -> None:
    """What the scheduler does with the database when the process starts."""
    # Named with a dot between module and class or, as Celery allows, with a colon.
    scheduler = import_string(settings.CELERY_BEAT_SCHEDULER.replace(":", "."))(app=app, lazy=True)
    scheduler.setup_schedule()


def test_a_first_start_writes_what_the_settings_say() -> None:
    start_beat()
    assert set(settings.CELERY_BEAT_SCHEDULE) <= set(PeriodicTask.objects.values_list("name", flat=True))
    nightly = PeriodicTask.objects.get(name="retrain on payments")
    assert (nightly.crontab.hour, nightly.crontab.minute) == ("3", "17")


def test_what_an_administrator_changed_outlasts_a_restart() -> None:
    start_beat()
    daily, _ = IntervalSchedule.objects.get_or_create(every=1, period="days")
    changed = PeriodicTask.objects.get(name="look after trainings")
    changed.interval, changed.enabled = daily, False
    changed.save()
    start_beat()
    changed.refresh_from_db()
    assert changed.schedule == schedule(timedelta(days=1))
    assert not changed.enabled


def test_a_schedule_that_a_new_version_brings_is_added_beside_the_others() -> None:
    start_beat()
    PeriodicTask.objects.filter(name="retrain on payments").delete()
    start_beat()
    assert PeriodicTask.objects.filter(name="retrain on payments").exists()


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def send(client: Client, action: str, *names: str) -> str:
    """An action of the list on schedules by name; what the page then says."""
    chosen = [PeriodicTask.objects.get(name=name).pk for name in names]
    sent = {"action": action, "_selected_action": chosen, "post": "yes"}
    return client.post(reverse(LIST), sent, follow=True).content.decode()


def test_a_schedule_that_assay_needs_stays(administrator: Client) -> None:
    start_beat()
    page = send(administrator, "disable_tasks", "run the log's consumers", "retrain on payments")
    assert "they stay enabled: run the log&#x27;s consumers." in page
    send(administrator, "delete_selected", "run the log's consumers")
    needed = PeriodicTask.objects.get(name="run the log's consumers")
    assert needed.enabled
    assert not PeriodicTask.objects.get(name="retrain on payments").enabled


def test_its_form_changes_when_it_runs_and_nothing_else(administrator: Client) -> None:
    start_beat()
    needed = PeriodicTask.objects.get(name="look after trainings")
    minute, _ = IntervalSchedule.objects.get_or_create(every=1, period="minutes")
    sent = {"name": "other", "task": "scoring.learning.tasks.retrain", "interval": minute.pk, "args": "[1]"}
    administrator.post(reverse("admin:django_celery_beat_periodictask_change", args=[needed.pk]), sent)
    changed = PeriodicTask.objects.get(pk=needed.pk)
    assert (changed.name, changed.task, changed.args, changed.enabled) == (
        *("look after trainings", "scoring.learning.tasks.sweep_trainings", "[]", True),
    )
    assert changed.interval == minute


def test_one_that_was_disabled_can_be_enabled_again(administrator: Client) -> None:
    start_beat()
    PeriodicTask.objects.filter(name="look after trainings").update(enabled=False)
    send(administrator, "enable_tasks", "look after trainings")
    assert PeriodicTask.objects.get(name="look after trainings").enabled


def test_all_but_the_retraining_are_needed() -> None:
    start_beat()
    optional = [
        task.name
        for task in PeriodicTask.objects.exclude(name="celery.backend_cleanup")
        if not is_needed(task)
    ]
    assert optional == ["retrain on payments"]
