"""Monitoring's background tasks."""

from celery import shared_task
from django.utils import timezone

from monitoring.alerts.acting import act_by_itself
from monitoring.alerts.evaluation.evaluate import evaluate_alerts
from monitoring.alerts.evaluation.observing import prune_values
from monitoring.guardrails import checking
from monitoring.labels import computing as labels
from monitoring.notifications import queueing, sending
from monitoring.quality import learning
from monitoring.quality import windows as quality_windows
from monitoring.triggers import checking as triggers
from monitoring.windows import hourly as windows
from monitoring.windows import segments, senders


@shared_task
def prune_windows() -> int:
    """Delete windows, and values of metrics, past their retention; returns how many windows."""
    now = timezone.now()
    prune_values(now=now)
    pruned = windows.prune_minutes(now=now) + senders.prune_senders(now=now)
    pruned += segments.prune_segments(now=now)
    return pruned + quality_windows.prune_quality_windows(now=now)


@shared_task
def follow_data_quality() -> int:
    """Store the counts of refused and repeated events; learn once a day what is usual of each sender."""
    now = timezone.now()
    learning.learn_baselines(now=now)
    return quality_windows.move_submissions(now=now)


@shared_task
def count_segments() -> int:
    """Count the decisions of models by segment, for drift by segment; returns how many windows."""
    from monitoring.drift.groups import segment_windows  # noqa: PLC0415 (XGBoost, pyarrow and pandas)

    return segment_windows.count_segments(now=timezone.now())


@shared_task
def measure_performance() -> dict[str, list[str]]:
    """Measure models on matured labels and estimate them before, and count labels; returns of what."""
    from monitoring.performance import computing as performance  # noqa: PLC0415 (XGBoost)

    now = timezone.now()
    return {
        "models": performance.measure_performance(now=now),
        "event_types": labels.measure_labels(now=now),
    }


@shared_task
def refresh_business() -> int:
    """Compute the business figures of today and of days whose labels still come; returns how many days."""
    from monitoring.business import refreshing  # noqa: PLC0415 (pyarrow)

    return refreshing.refresh_business(now=timezone.now())


@shared_task
def check_guardrails() -> list[str]:
    """Roll back canaries and new champions that exceed a guardrail; returns the models that do."""
    return [entry.data["model"] for entry in checking.check_guardrails(now=timezone.now())]


@shared_task
def check_triggers() -> list[int]:
    """Request the trainings for which a trigger is reached; returns their numbers."""
    checked = triggers.check_triggers(now=timezone.now())
    return [each.training for each in checked if each.training is not None]


@shared_task
def check_alerts() -> list[str]:
    """Evaluate the alert rules, and take automatic actions; returns the types of the entries written."""
    changed = evaluate_alerts(now=timezone.now())
    return [entry.type for entry in [*changed, *act_by_itself(now=timezone.now())]]


@shared_task
def send_notifications() -> int:
    """Queue the messages about alerts that are due, and send queued ones; returns how many were sent."""
    queueing.queue_messages(now=timezone.now())
    return sending.send_messages(now=timezone.now())


@shared_task
def prune_notifications() -> int:
    """Delete old messages about alerts; returns how many."""
    return sending.prune_messages(now=timezone.now())
