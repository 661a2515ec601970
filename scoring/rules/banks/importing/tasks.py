"""The Celery task of imports that are too long for a request."""

from celery import shared_task

from scoring.rules.banks.importing.target import INTO_BANK
from scoring.rules.lists.importing.running import run_step


@shared_task
def run_bank_import(number: int) -> str:
    """Run the step that an import is in; returns its state. Safe if delivered twice, late or never."""
    return run_step(number, INTO_BANK)
