"""Runs a queued training to its end in the trainer process."""

from functools import partial

from django.utils import timezone

from scoring.jobs.queue import Clock
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.search_trials import TrialsOfTraining
from scoring.learning.jobs.trainings import trainings
from scoring.learning.models import TrainingJob
from scoring.learning.search.tuner import RecipeSearch
from scoring.learning.training.runs import fit_model, register_fitted


def run_job(number: int, *, clock: Clock = timezone.now) -> bool:
    """Run a queued training to its end. False if another one is running or this one is not queued."""
    return trainings.run(number, partial(_train, clock=clock), clock=clock)


def _train(job: TrainingJob, *, clock: Clock) -> None:
    watch, now = trainings.reporter(job.number, clock=clock), clock()
    options = JobOptions.from_stored(job.options)
    started_at = trainings.find(job.number).started_at  # the cut-off of a training that continues this one
    request = options.request(job.event_type, now=started_at or now)
    kept = TrialsOfTraining(job.number, clock=clock)
    search = RecipeSearch(options.search, kept) if options.search else None
    fitted = fit_model(request, config=options.config, now=now, tune=search, watch=watch)
    watch.begin("registering")
    trainings.finish(
        job.number,
        lambda: {"model": register_fitted(fitted, actor=job.requested_by, now=clock()).name},
        clock=clock,
    )
