"""Celery task that exports the log to the offline store."""

from celery import shared_task
from django.utils import timezone

from scoring.offline.errors import ExportUnderWay


@shared_task
def export() -> int:
    """Export new log entries and return their number. Safe if delivered twice or lost."""
    from scoring.offline.export import export_log  # noqa: PLC0415 (pyarrow and pandas)
    from scoring.offline.store import OfflineStore  # noqa: PLC0415 (as above)

    try:
        return export_log(OfflineStore(), now=timezone.now()).entries
    except ExportUnderWay:
        return 0
