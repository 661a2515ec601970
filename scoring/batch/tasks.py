"""Celery tasks that publish batch views."""

import logging

from celery import shared_task
from django.utils import timezone

from scoring.batch.declared import batch_views
from scoring.batch.errors import BatchVersionCorrupt, PublishingUnderWay
from scoring.batch.status import is_due
from scoring.batch.views import BatchView

logger = logging.getLogger(__name__)


@shared_task
def publish_due() -> list[str]:
    """Publish every view that is due; returns their keys. Safe if delivered twice or lost."""
    due = [view for view in batch_views().values() if is_due(view, now=timezone.now())]
    return [view.key for view in due if _publish(view)]


@shared_task
def reload_lost_versions() -> dict[str, list[int]]:
    """Reload published versions that Redis has lost; returns their numbers by view."""
    return {key: numbers for key, view in batch_views().items() if (numbers := _reload(view))}


def _reload(view: BatchView) -> list[int]:
    from scoring.batch.publishing import reload_lost  # noqa: PLC0415 (pyarrow and pandas)

    try:
        numbers = reload_lost(view, now=timezone.now())
    except BatchVersionCorrupt as error:
        logger.error("Redis has lost batch values, and events are decided without them: %s", error)
        return []
    if numbers:
        logger.warning("Redis had lost versions %s of %s: loaded again", numbers, view.key)
    return numbers


def _publish(view: BatchView) -> bool:
    from scoring.batch.publishing import publish  # noqa: PLC0415 (as above)

    try:
        return publish(view, now=timezone.now()) is not None
    except PublishingUnderWay:
        return False
    except Exception:  # one view that cannot be computed must not keep the others from being published
        logger.exception("no version of %s was published; the last one is read until it is stale", view.key)
        return False
