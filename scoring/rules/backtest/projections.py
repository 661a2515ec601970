"""Backtests as a table: how each log entry changes its row."""

from scoring.jobs.rows import JobState
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.rules.backtest.models import BacktestJob
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

State = JobState


def number_of(entry: Entry) -> int:
    return int(entry.data["number"])


@fold_into("backtest.requested", BacktestJob, key=number_of)
def requested_job(job: Row | None, entry: Entry) -> Row:
    return {
        "number": entry.data["number"],
        "event_type": entry.data["event_type"],
        "subject": entry.data["subject"],
        "change": entry.data["change"],
        "since": from_iso(entry.data["since"]),
        "until": from_iso(entry.data["until"]),
        "state": State.QUEUED.value,
        "requested_by": entry.metadata["actor"],
        "requested_at": entry.recorded_at,
        "started_at": None,
        "ended_at": None,
        "cancelled_by": "",
        "error": "",
        "result": {},
    }


@fold_into("backtest.started", BacktestJob, key=number_of)
def started_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "state": State.RUNNING.value, "started_at": entry.recorded_at}


@fold_into("backtest.cancel_requested", BacktestJob, key=number_of)
def cancel_requested_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "cancelled_by": entry.metadata["actor"]}


@fold_into("backtest.finished", BacktestJob, key=number_of)
def finished_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FINISHED) | {"result": entry.data["result"]}


@fold_into("backtest.failed", BacktestJob, key=number_of)
def failed_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FAILED) | {"error": entry.data["error"]}


@fold_into("backtest.cancelled", BacktestJob, key=number_of)
def cancelled_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.CANCELLED) | {"cancelled_by": entry.data["by"]}


def _ended(job: Row | None, entry: Entry, state: JobState) -> Row:
    return {**(job or {}), "state": state.value, "ended_at": entry.recorded_at}
