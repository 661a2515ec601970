"""The Celery task that mirrors models."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from scoring.learning.mirror.consumers import MLFLOW
from scoring.log.consumers.registry import catch_up
from scoring.log.errors import ConsumerStopped

logger = logging.getLogger(__name__)


@shared_task
def mirror_models() -> int:
    """Mirror what happened to models; returns the number of entries. Safe if delivered twice, late or never.

    After a failure, which stands on the consumer's cursor, the next run tries the same entry again.
    """
    if not settings.MLFLOW_TRACKING_URI:  # switched off since the schedule was stored
        return 0
    try:
        return catch_up(MLFLOW, now=timezone.now())
    except ConsumerStopped as error:
        logger.warning("models are not mirrored to MLflow: %s", error.error)
        return 0
