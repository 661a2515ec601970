"""Admin pages of trainings: one training, and the form that starts another."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.visible import visible_to
from scoring.errors import ScoringError
from scoring.jobs.pages import JobPage
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.search_trials import trials_of
from scoring.learning.jobs.trainings import CONTINUABLE, continue_search, request_training, trainings
from scoring.learning.models import TrainingJob
from scoring.learning.pages.search_section import SearchSection, section_of_model, section_of_trials
from scoring.learning.pages.training_form import TrainingForm, initial_of
from scoring.learning.recipes.differences import flat_values
from scoring.learning.recipes.reading import stated_values
from scoring.registry.models import ModelVersion

START = "scoring.add_trainingjob"


@register_page
class TrainingStartPage(AdminPage):
    """The form that requests a training."""

    path, name, title = "trainings/start/", "training_start", "Start a training"
    permission = START
    template_name = "learning/training_start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        again = self.request.GET.get("again", "")
        jobs = visible_to(TrainingJob.objects.all(), self.request.user)
        job = jobs.filter(number=int(again)).first() if again.isdecimal() else None
        initial = initial_of(job.event_type, JobOptions.from_stored(job.options)) if job else None
        return super().get_context_data(
            **{"form": TrainingForm(user=self.request.user, initial=initial), "again": job} | kwargs
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TrainingForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        number = request_training(
            form.cleaned_data["event_type"],
            actor=actor_of(request),
            now=timezone.now(),
            options=form.options(),
        )
        messages.success(
            request, f"Training {number} is queued. It starts as soon as no other training runs."
        )
        return redirect("admin:training", number=number)


@register_page
class TrainingPage(JobPage):
    """One training: its progress, its options and its result."""

    path, name, title = "trainings/<int:number>/", "training", "Training"
    permission, cancel = "scoring.view_trainingjob", "scoring.cancel_trainingjob"
    template_name = "learning/training.html"
    jobs, when_cancelled = trainings, "It will produce no model."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job, may_start = self.job, self.request.user.has_perm(START)
        options = JobOptions.from_stored(job.options)
        return super().get_context_data(
            options=options,
            recipe=list(flat_values(stated_values(options.config))),
            may_start=may_start,
            may_continue=options.search is not None and job.state in CONTINUABLE and may_start,
            search=search_section_of(job) if options.search else None,
            **kwargs,
        )

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        if request.POST.get("action") == "continue":
            return self._continue(request, number)
        return super().post(request, number)

    def _continue(self, request: HttpRequest, number: int) -> HttpResponse:
        self.require(START)
        try:
            new = continue_search(number, actor=actor_of(request), now=timezone.now())
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
            return redirect("admin:training", number=number)
        messages.success(request, f"Training {new} is queued. It continues the search of training {number}.")
        return redirect("admin:training", number=new)


def search_section_of(job: TrainingJob) -> SearchSection | None:
    """The search of a training: as stored with its model, or else its trials so far."""
    version = ModelVersion.objects.filter(name=job.model).first() if job.model else None
    if version is not None:
        return section_of_model(version.lineage.get("search"))
    return section_of_trials([trial.stored() for trial in trials_of(job.number)])
