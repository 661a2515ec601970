"""Celery tasks that process lanes."""

from celery import shared_task
from django.utils import timezone

from scoring.catalog.registry import lane_members
from scoring.runner.self_check import report_status
from scoring.runner.sweep import sweep_lanes
from scoring.schedules import checked_by, formerly


@checked_by(lane_members)
@shared_task
@formerly("scoring.decisions.tasks.run_lane")
def run_lane(lane: str) -> int:
    """Process a lane; harmless when delivered twice or lost."""
    from scoring.runner.worker_loop import background_writer, work_lane  # noqa: PLC0415 (numba and XGBoost)

    return work_lane(lane, writer=background_writer())


@shared_task
@formerly("scoring.decisions.tasks.sweep")
def sweep() -> list[str]:
    """Notify every lane that has work but no runner, and report the state of this worker."""
    report_status()
    return sweep_lanes(now=timezone.now())
