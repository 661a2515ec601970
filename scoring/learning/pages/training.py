"""Admin pages of trainings: one training, and the form that starts another."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.catalog.registry import scored_types
from scoring.errors import ScoringError
from scoring.learning.jobs.options import DEFAULTS, JobOptions
from scoring.learning.jobs.trainings import request_training, trainings
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.learning.training.recipe import MAX_MATURITY_DAYS

CANCEL = "scoring.cancel_trainingjob"


class TrainingForm(forms.Form):
    """The event type and the options of a training."""

    event_type = forms.ChoiceField(
        label="Event type",
        choices=lambda: [(name, name) for name in scored_types()],
        help_text="The events that the model will score.",
    )
    as_of = forms.DateTimeField(
        label="Data cut-off",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In UTC. Later events and labels are excluded. Empty: no cut-off.",
    )
    since = forms.DateTimeField(
        label="Train on events from",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In UTC. Earlier events are excluded. Empty: from the first event on.",
    )
    matures_after_days = forms.FloatField(
        label="Days until labels are mature",
        required=False,
        min_value=0,
        max_value=MAX_MATURITY_DAYS,
        help_text="Younger events are excluded, because labels may still arrive. Empty: the catalog's value.",
    )
    trees = forms.IntegerField(
        label="Maximum number of trees",
        initial=DEFAULTS.trees,
        min_value=1,
        max_value=5_000,
        help_text="Training stops earlier if more trees do not help.",
    )
    depth = forms.IntegerField(
        label="Maximum tree depth",
        initial=DEFAULTS.depth,
        min_value=1,
        max_value=12,
        help_text="Deeper trees combine more features, overfit sooner and take longer to score.",
    )

    def clean_as_of(self) -> Any:
        as_of = self.cleaned_data["as_of"]
        if as_of is not None and as_of > timezone.now():
            raise forms.ValidationError("The cut-off is in the future; leave it empty to use all data.")
        return as_of

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        since, as_of = chosen.get("since"), chosen.get("as_of") or timezone.now()
        if since is not None and since >= as_of:
            self.add_error("since", "This is after the data cut-off, so no events would be left.")
        return chosen

    def options(self) -> JobOptions:
        """The valid form as training options."""
        chosen = self.cleaned_data
        return JobOptions(**{name: chosen[name] for name in JobOptions.__dataclass_fields__})


@register_page
class TrainingStartPage(AdminPage):
    """The form that requests a training."""

    path, name, title = "trainings/start/", "training_start", "Start a training"
    permission = "scoring.add_trainingjob"
    template_name = "learning/training_start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"form": TrainingForm()} | kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TrainingForm(request.POST)
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
class TrainingPage(AdminPage):
    """One training: its progress, its options and its result."""

    path, name, title = "trainings/<int:number>/", "training", "Training"
    permission = "scoring.view_trainingjob"
    template_name = "learning/training.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = TrainingJob.objects.filter(number=self.kwargs["number"]).first()
        if job is None:
            raise Http404
        self.title = f"Training {job.number}"
        progress = TrainingProgress.objects.filter(job=job.number).first()
        return super().get_context_data(
            job=job,
            progress=progress,
            percent=percent_done(progress),
            options=JobOptions.from_stored(job.options),
            may_cancel=self.request.user.has_perm(CANCEL),
            **kwargs,
        )

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        self.require(CANCEL)
        try:
            entry = trainings.cancel(number, actor=actor_of(request), now=timezone.now())
            done = "was cancelled" if entry.type == "training.cancelled" else "will stop within seconds"
            messages.success(request, f"Training {number} {done}. It will produce no model.")
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        return redirect("admin:training", number=number)


def percent_done(progress: TrainingProgress | None) -> int:
    """The progress of the current step in percent; 0 for a step of unknown length."""
    if progress is None or not progress.total:
        return 0
    return min(round(100 * progress.done / progress.total), 100)
