"""How an event type is retrained without a person: as its schedule says, or as its champion was trained."""

import inspect
import json
from datetime import timedelta
from typing import Any

from django_celery_beat.models import PeriodicTask

from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.retraining import scheduled_options
from scoring.learning.recipes.reading import recipe_of
from scoring.registry.models import ModelVersion
from scoring.timestamps import from_iso

RETRAIN = "scoring.learning.tasks.retrain"
_SIGNATURE = inspect.signature(scheduled_options)


def usual_options(champion: ModelVersion) -> JobOptions:
    """The options of the type's retraining schedule; without one, those of the champion's own training.

    Raises InvalidTraining if these are refused now.
    """
    return options_of_schedule(champion.event_type) or options_of_version(champion)


def options_of_schedule(event_type: str) -> JobOptions | None:
    """The options of the schedule that retrains a type, an enabled one if there are several; None without.

    A disabled schedule still says how to train. Raises InvalidTraining for arguments that are refused.
    """
    schedules = PeriodicTask.objects.filter(task=RETRAIN).order_by("-enabled", "name")
    for args, kwargs in schedules.values_list("args", "kwargs"):
        given = _arguments(args, kwargs)
        if given.get("event_type") == event_type:
            return scheduled_options(**given)
    return None


def options_of_version(version: ModelVersion) -> JobOptions:
    """The options that trained a version, without its cut-off. Raises InvalidTraining."""
    lineage = version.lineage
    accepted = [each["name"] for each in lineage.get("leakage", {}).get("accepted", ())]
    return JobOptions(
        matures_after_days=lineage.get("matures_after_days"),
        since=from_iso(since) if (since := lineage.get("since")) else None,
        config=recipe_of(version.parameters),
        accepted_leakage=tuple(accepted),
    )


def maturity_of(options: JobOptions, *, catalog: timedelta) -> timedelta:
    """The age at which events are mature: the stated one, or else the catalog's."""
    days = options.matures_after_days
    return catalog if days is None else timedelta(days=days)


def _arguments(args: str, kwargs: str) -> dict[str, Any]:
    """A schedule's arguments by name; {} if the task does not take them."""
    try:
        return dict(_SIGNATURE.bind(*json.loads(args or "[]"), **json.loads(kwargs or "{}")).arguments)
    except (TypeError, ValueError):  # ValueError: not JSON
        return {}
