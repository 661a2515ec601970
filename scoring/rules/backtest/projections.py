"""Backtests as a table: how each log entry changes its row."""

from scoring.jobs.steps import fold_jobs
from scoring.log.entries import Entry
from scoring.rules.backtest.models import BacktestJob
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso


def own_columns(entry: Entry) -> Row:
    return {
        "subject": entry.data["subject"],
        "change": entry.data["change"],
        "since": from_iso(entry.data["since"]),
        "until": from_iso(entry.data["until"]),
        "result": {},
    }


fold_jobs("backtest", BacktestJob, own=own_columns, result="result")
