"""Beat's schedules: written to the database once, then managed by administrators."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
# Between two looks for changed schedules. Celery would look at every tick, several times a second; while
# nothing is due, it sleeps for as long as this.
LOOK_SECONDS = 5.0


class Scheduler(DatabaseScheduler):
    """Adds missing schedules from the settings; existing ones keep the administrators' changes.

    The base class would overwrite them with the settings at every start. An empty description is filled in.
    """

    _look_at = 0.0  # on the monotonic clock

    def update_from_dict(self, mapping: Mapping[str, Mapping[str, Any]]) -> None:
        existing = set(PeriodicTask.objects.filter(name__in=mapping).values_list("name", flat=True))
        super().update_from_dict({name: each for name, each in mapping.items() if name not in existing})
        for name in existing:
            undescribed = PeriodicTask.objects.filter(name=name, description="")
            undescribed.update(description=mapping[name].get("description", ""))

    def schedule_changed(self) -> bool:
        """Whether an administrator has changed a schedule; answered at most every LOOK_SECONDS."""
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK_SECONDS
        return bool(super().schedule_changed())

    def tick(self, *args: Any, **options: Any) -> float:
        """Send due tasks; returns the seconds until the next tick. Survives database and broker outages.

        A connection that has failed is renewed; nothing else in this process does that.
        """
        close_old_connections()
        try:
            return float(super().tick(*args, **options))
        except (DatabaseError, OperationalError, redis.RedisError, OSError) as error:
            logger.warning("no tasks could be sent; trying again in %g s: %s", AGAIN_SECONDS, error)
            return AGAIN_SECONDS


def is_needed(task: PeriodicTask) -> bool:
    """Whether Assay needs this schedule: without it, it stops working or loses data."""
    return task.name in settings.CELERY_BEAT_SCHEDULE and task.name not in settings.OPTIONAL_SCHEDULES
