"""Beat's schedules: written into the database once, the administrator's from then on."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler


class Scheduler(DatabaseScheduler):
    """Adds the schedules of the settings that are missing; those that exist stay as they were changed.

    The class it builds on writes the settings over them at every start.
    """

    def update_from_dict(self, mapping: Mapping[str, Mapping[str, Any]]) -> None:
        existing = set(PeriodicTask.objects.filter(name__in=mapping).values_list("name", flat=True))
        super().update_from_dict({name: each for name, each in mapping.items() if name not in existing})


def is_needed(task: PeriodicTask) -> bool:
    """Whether Assay stands still or forgets without this schedule: it may not be disabled or deleted."""
    return task.name in settings.CELERY_BEAT_SCHEDULE and task.name not in settings.OPTIONAL_SCHEDULES
