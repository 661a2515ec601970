"""Evaluations as a table: how each log entry changes its row."""

from scoring.jobs.rows import JobState
from scoring.learning.models import EvaluationJob
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row

State = JobState


def number_of(entry: Entry) -> int:
    return int(entry.data["number"])


@fold_into("evaluation.requested", EvaluationJob, key=number_of)
def requested_job(job: Row | None, entry: Entry) -> Row:
    return {
        "number": entry.data["number"],
        "event_type": entry.data["event_type"],
        "options": entry.data["options"],
        "versions": entry.data["versions"],
        "state": State.QUEUED.value,
        "requested_by": entry.metadata["actor"],
        "requested_at": entry.recorded_at,
        "started_at": None,
        "ended_at": None,
        "cancelled_by": "",
        "error": "",
        "result": {},
    }


@fold_into("evaluation.recorded", EvaluationJob, key=number_of)
def recorded_job(job: Row | None, entry: Entry) -> Row:
    """One that a command ran by itself, with its result."""
    return _ended(requested_job(job, entry), entry, State.FINISHED) | {"result": entry.data["result"]}


@fold_into("evaluation.started", EvaluationJob, key=number_of)
def started_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "state": State.RUNNING.value, "started_at": entry.recorded_at}


@fold_into("evaluation.cancel_requested", EvaluationJob, key=number_of)
def cancel_requested_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "cancelled_by": entry.metadata["actor"]}


@fold_into("evaluation.finished", EvaluationJob, key=number_of)
def finished_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FINISHED) | {"result": entry.data["result"]}


@fold_into("evaluation.failed", EvaluationJob, key=number_of)
def failed_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FAILED) | {"error": entry.data["error"]}


@fold_into("evaluation.cancelled", EvaluationJob, key=number_of)
def cancelled_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.CANCELLED) | {"cancelled_by": entry.data["by"]}


def _ended(job: Row | None, entry: Entry, state: JobState) -> Row:
    return {**(job or {}), "state": state.value, "ended_at": entry.recorded_at}
