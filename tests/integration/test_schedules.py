"""Schedules are the administrator's once they are in the database."""

from datetime import timedelta

import pytest
from celery.schedules import schedule
from django.conf import settings
from django.utils.module_loading import import_string
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.celery import app

pytestmark = pytest.mark.django_db(transaction=True)  # the scheduler closes its connection


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
