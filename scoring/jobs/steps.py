"""How each log entry of a job changes its row; the projections of every kind of job are made of these."""

from collections.abc import Callable

from scoring.jobs.rows import JobRow, JobState
from scoring.log.entries import Entry
from scoring.log.projections import Fold, fold_into
from scoring.sql.bulk_tables import Row


def fold_jobs(
    kind: str, jobs: type[JobRow], *, own: Callable[[Entry], Row], result: str, recorded: bool = False
) -> None:
    """Register how the entries of `{kind}/{number}` are folded into the table of this kind.

    `own(entry)`: the columns that only this kind has, of a job that was requested. `result`: the one that a
    finished job fills in. `recorded`: whether jobs may have run elsewhere (`JobQueue.record`).
    """

    def requested(job: Row | None, entry: Entry) -> Row:
        return queued_job(entry) | own(entry)

    def finished(job: Row | None, entry: Entry) -> Row:
        return _ended(job, entry, JobState.FINISHED) | {result: entry.data[result]}

    folds: dict[str, Fold] = {
        "requested": requested,
        "started": started_job,
        "cancel_requested": cancel_requested_job,
        "finished": finished,
        "failed": failed_job,
        "cancelled": cancelled_job,
    }
    if recorded:
        folds["recorded"] = lambda job, entry: finished(requested(job, entry), entry)
    for step, fold in folds.items():
        fold_into(f"{kind}.{step}", jobs, key=number_of)(fold)


def number_of(entry: Entry) -> int:
    return int(entry.data["number"])


def queued_job(entry: Entry) -> Row:
    """The columns that every kind has, of a job that was requested."""
    return {
        "number": entry.data["number"],
        "event_type": entry.data["event_type"],
        "state": JobState.QUEUED.value,
        "requested_by": entry.metadata["actor"],
        "requested_at": entry.recorded_at,
        "started_at": None,
        "ended_at": None,
        "cancelled_by": "",
        "error": "",
    }


def started_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "state": JobState.RUNNING.value, "started_at": entry.recorded_at}


def cancel_requested_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "cancelled_by": entry.metadata["actor"]}


def failed_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, JobState.FAILED) | {"error": entry.data["error"]}


def cancelled_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, JobState.CANCELLED) | {"cancelled_by": entry.data["by"]}


def _ended(job: Row | None, entry: Entry, state: JobState) -> Row:
    return {**(job or {}), "state": state.value, "ended_at": entry.recorded_at}
