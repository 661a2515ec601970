"""Trainings as a table: how each log entry changes its row."""

from scoring.jobs.rows import JobState
from scoring.learning.models import TrainingJob
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

State = JobState


def number_of(entry: Entry) -> int:
    return int(entry.data["number"])


@fold_into("training.requested", TrainingJob, key=number_of)
def requested_job(job: Row | None, entry: Entry) -> Row:
    return {
        "number": entry.data["number"],
        "event_type": entry.data["event_type"],
        "state": State.QUEUED.value,
        "requested_by": entry.metadata["actor"],
        "requested_at": entry.recorded_at,
        "options": entry.data["options"],
        "trigger": entry.data.get("trigger", {}),
        "started_at": None,
        "ended_at": None,
        "cancelled_by": "",
        "model": "",
        "error": "",
    }


@fold_into("training.started", TrainingJob, key=number_of)
def started_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "state": State.RUNNING.value, "started_at": entry.recorded_at}


@fold_into("training.cancel_requested", TrainingJob, key=number_of)
def cancel_requested_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "cancelled_by": entry.metadata["actor"]}


@fold_into("training.finished", TrainingJob, key=number_of)
def finished_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FINISHED) | {"model": entry.data["model"]}


@fold_into("training.failed", TrainingJob, key=number_of)
def failed_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FAILED) | {"error": entry.data["error"]}


@fold_into("training.cancelled", TrainingJob, key=number_of)
def cancelled_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.CANCELLED) | {"cancelled_by": entry.data["by"]}


def _ended(job: Row | None, entry: Entry, state: JobState) -> Row:
    return {**(job or {}), "state": state.value, "ended_at": entry.recorded_at}
