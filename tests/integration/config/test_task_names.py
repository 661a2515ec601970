"""Schedules in the database follow tasks to their new names."""

from importlib import import_module

import pytest
from django.apps import apps
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from scoring.schedules import known_tasks
from tests.unit.test_task_names import FORMER_NAMES

pytestmark = pytest.mark.django_db

SWEEP = "sweep lanes for lost notifications"
migration = import_module("scoring.migrations.0011_task_names").Migration.operations[0]


@pytest.fixture
def schedules() -> dict[str, PeriodicTask]:
    """One schedule for each former name, changed by an administrator."""
    seconds, _ = IntervalSchedule.objects.get_or_create(every=7, period="seconds")
    names = ["work commerce now and then", "sweep lanes for lost doorbells", "run the log's consumers"]
    return {
        former: PeriodicTask.objects.create(name=name, task=former, interval=seconds, enabled=False)
        for name, former in zip(names, FORMER_NAMES, strict=True)
    }


def test_schedules_are_renamed_and_keep_their_changes(schedules):
    before = PeriodicTasks.last_change()
    migration.code(apps, None)
    for former, schedule in schedules.items():
        schedule.refresh_from_db()
        assert schedule.task == FORMER_NAMES[former]
        assert schedule.task in known_tasks()
        assert (schedule.interval.every, schedule.enabled) == (7, False)
    assert schedules["scoring.decisions.tasks.sweep"].name == SWEEP
    assert PeriodicTasks.last_change() > before  # a running beat reloads them


def test_a_schedule_written_by_a_new_beat_replaces_the_former_one(schedules):
    former = schedules["scoring.decisions.tasks.sweep"]
    PeriodicTask.objects.create(name=SWEEP, task="scoring.runner.tasks.sweep", interval=former.interval)
    migration.code(apps, None)
    assert PeriodicTask.objects.filter(task="scoring.runner.tasks.sweep").count() == 1


def test_the_migration_is_reversible(schedules):
    migration.code(apps, None)
    migration.reverse_code(apps, None)
    for former, schedule in schedules.items():
        schedule.refresh_from_db()
        assert schedule.task == former
    assert schedules["scoring.decisions.tasks.sweep"].name == "sweep lanes for lost doorbells"
