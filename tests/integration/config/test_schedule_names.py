"""Built-in schedules get their present names by a migration; what people changed or made stays."""

from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

pytestmark = pytest.mark.django_db

FORMER, PRESENT = "look after trainings", "start queued trainings and fail lost ones"
SWEEP = "scoring.learning.tasks.sweep_trainings"
module = import_module("scoring.migrations.0012_schedule_names")
migration = module.Migration.operations[0]


@pytest.fixture
def interval() -> IntervalSchedule:
    return IntervalSchedule.objects.get_or_create(every=7, period="seconds")[0]


def test_every_new_name_is_one_of_the_settings():
    assert set(module.NAMES.values()) <= set(settings.CELERY_BEAT_SCHEDULE)
    assert not set(module.NAMES) & set(settings.CELERY_BEAT_SCHEDULE)


def test_a_built_in_schedule_is_renamed_and_keeps_its_changes(interval):
    schedules = {
        former: PeriodicTask.objects.create(name=former, task=SWEEP, interval=interval, enabled=False)
        for former in module.NAMES
    }
    before = PeriodicTasks.last_change()
    migration.code(apps, None)
    for former, schedule in schedules.items():
        schedule.refresh_from_db()
        assert schedule.name == module.NAMES[former]
        assert (schedule.task, schedule.interval, schedule.enabled) == (SWEEP, interval, False)
    assert PeriodicTasks.last_change() > before  # a running beat reloads them


def test_a_persons_own_schedule_of_that_name_is_kept_under_a_free_one(interval):
    built_in = PeriodicTask.objects.create(name=FORMER, task=SWEEP, interval=interval)
    own = PeriodicTask.objects.create(name=PRESENT, task="own.task", interval=interval, enabled=False)
    PeriodicTask.objects.create(name=f"{PRESENT} (2)", task="another.task", interval=interval)
    migration.code(apps, None)
    built_in.refresh_from_db()
    own.refresh_from_db()
    assert built_in.name == PRESENT
    assert (own.name, own.task, own.enabled) == (f"{PRESENT} (3)", "own.task", False)


def test_without_a_built_in_schedule_nothing_is_renamed(interval):
    own = PeriodicTask.objects.create(name=PRESENT, task="own.task", interval=interval)
    migration.code(apps, None)
    own.refresh_from_db()
    assert own.name == PRESENT


def test_the_migration_is_reversible(interval):
    schedule = PeriodicTask.objects.create(name=FORMER, task=SWEEP, interval=interval)
    migration.code(apps, None)
    migration.reverse_code(apps, None)
    schedule.refresh_from_db()
    assert schedule.name == FORMER
