"""How the entries of a job change its row, and what lists and pages show of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.jobs.steps import cancel_requested_job, cancelled_job, failed_job, queued_job, started_job
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.log.entries import Entry

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def entry(step: str, *, minutes: int, actor: str = "trainer", **data: Any) -> Entry:
    at = NOW + timedelta(minutes=minutes)
    stated = {"number": 7, **data}
    return Entry(1, 1, 1, "training/7", 1, f"training.{step}", 1, stated, None, {"actor": actor}, at)


QUEUED = queued_job(entry("requested", minutes=0, actor="user/ana", event_type="payment"))
RUNNING = started_job(QUEUED, entry("started", minutes=1))
STOPPING = cancel_requested_job(RUNNING, entry("cancel_requested", minutes=2, actor="user/bo"))


def test_a_requested_job_is_queued_and_says_who_requested_it() -> None:
    assert (QUEUED["state"], QUEUED["requested_by"], QUEUED["requested_at"]) == ("queued", "user/ana", NOW)
    assert (QUEUED["started_at"], QUEUED["ended_at"], QUEUED["cancelled_by"]) == (None, None, "")


def test_each_step_changes_its_own_columns_alone() -> None:
    minute = timedelta(minutes=1)
    assert QUEUED | {"state": "running", "started_at": NOW + minute} == RUNNING
    assert STOPPING == RUNNING | {"cancelled_by": "user/bo"}
    assert failed_job(RUNNING, entry("failed", minutes=3, error="no events")) == RUNNING | {
        "state": "failed",
        "ended_at": NOW + 3 * minute,
        "error": "no events",
    }
    assert cancelled_job(QUEUED, entry("cancelled", minutes=4, by="user/cy")) == QUEUED | {
        "state": "cancelled",
        "ended_at": NOW + 4 * minute,
        "cancelled_by": "user/cy",
    }


def test_a_running_job_that_was_cancelled_is_stopping() -> None:
    rows = [QUEUED, RUNNING, STOPPING, cancelled_job(STOPPING, entry("cancelled", minutes=5, by="user/bo"))]
    shown = [TrainingJob(**row).shown_state for row in rows]
    assert shown == ["queued", "running", "stopping", "cancelled"]


@pytest.mark.parametrize(
    ("done", "total", "percent"), [(1, 4, 25), (0, 0, 0), (5, None, 0), (9, 4, 100), (1, 3, 33)]
)
def test_the_percentage_of_a_step(done: int, total: int | None, percent: int) -> None:
    assert TrainingProgress(job=7, step="reading", done=done, total=total).percent == percent
