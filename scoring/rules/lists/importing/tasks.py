"""The Celery task of imports that are too long for a request."""

from celery import shared_task

from scoring.rules.lists.importing.running import run_step
from scoring.rules.lists.importing.target import INTO_LIST


@shared_task
def run_list_import(number: int) -> str:
    """Run the step that an import is in; returns its state. Safe if delivered twice, late or never."""
    return run_step(number, INTO_LIST)
