"""Runs a queued evaluation to its end in the trainer process."""

from functools import partial

from django.utils import timezone

from scoring.jobs.queue import Clock
from scoring.learning.folds.compare import compare_on_folds
from scoring.learning.folds.options import FoldOptions
from scoring.learning.folds.summary import describe_comparison
from scoring.learning.jobs.evaluations.evaluations import evaluations
from scoring.learning.models import EvaluationJob

SAMPLES = 200  # of the bootstrap


def run_job(number: int, *, clock: Clock = timezone.now) -> bool:
    """Run a queued evaluation to its end. False if another one is running or this one is not queued."""
    return evaluations.run(number, partial(_evaluate, clock=clock), clock=clock)


def _evaluate(job: EvaluationJob, *, clock: Clock) -> None:
    watch = evaluations.reporter(job.number, clock=clock)
    results = compare_on_folds(FoldOptions.from_stored(job.options), now=clock(), watch=watch)
    watch.begin("comparing")
    result = describe_comparison(results, samples=SAMPLES)
    evaluations.finish(job.number, lambda: {"result": result}, clock=clock)
