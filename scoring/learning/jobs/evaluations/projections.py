"""Evaluations as a table: how each log entry changes its row."""

from scoring.jobs.steps import fold_jobs
from scoring.learning.models import EvaluationJob
from scoring.log.entries import Entry
from scoring.sql.bulk_tables import Row


def own_columns(entry: Entry) -> Row:
    return {"options": entry.data["options"], "versions": entry.data["versions"], "result": {}}


fold_jobs("evaluation", EvaluationJob, own=own_columns, result="result", recorded=True)
