"""Trainings as a table: how each log entry changes its row."""

from scoring.jobs.steps import fold_jobs
from scoring.learning.models import TrainingJob
from scoring.log.entries import Entry
from scoring.sql.bulk_tables import Row


def own_columns(entry: Entry) -> Row:
    """Trainings from before there were triggers have none."""
    return {"options": entry.data["options"], "trigger": entry.data.get("trigger", {}), "model": ""}


fold_jobs("training", TrainingJob, own=own_columns, result="model")
