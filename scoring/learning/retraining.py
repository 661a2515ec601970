"""When a schedule trains, and when it has no reason to."""

import logging
from datetime import datetime

from scoring.decisions.models import Label
from scoring.learning.job_options import JobOptions
from scoring.learning.jobs import State, request_training
from scoring.learning.models import ModelVersion, TrainingJob

logger = logging.getLogger(__name__)

SCHEDULE = "schedule"


def request_retraining(
    event_type: str, *, options: JobOptions, only_if_new_labels: bool, now: datetime
) -> int | None:
    """Queue a training in the schedule's name; None, with a line in the log, if there is no reason to."""
    if reason := reason_not_to_train(event_type, only_if_new_labels=only_if_new_labels):
        logger.info("no training of %s: %s", event_type, reason)
        return None
    return request_training(event_type, actor=SCHEDULE, now=now, options=options)


def reason_not_to_train(event_type: str, *, only_if_new_labels: bool) -> str:
    """Why a training of this type would be in vain now; "" if it would not."""
    waiting = TrainingJob.objects.filter(event_type=event_type, state__in=[State.QUEUED, State.RUNNING])
    if number := waiting.values_list("number", flat=True).first():
        return f"training {number} is not done yet"
    if only_if_new_labels and not has_new_labels(event_type):
        return "no label was recorded since its last model was trained"
    return ""


def has_new_labels(event_type: str) -> bool:
    """Whether anything was said of the type's events that its newest model has not read."""
    real = ModelVersion.objects.filter(event_type=event_type).exclude(lineage__has_key="not_promotable")
    newest = real.order_by("-number").first()
    read_until = newest.lineage["log_position"] if newest else 0
    return Label.objects.filter(position__gt=read_until, event_stream__startswith=f"{event_type}/").exists()
