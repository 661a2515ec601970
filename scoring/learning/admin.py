"""Admin lists of model versions and trainings; the pages of one are in `pages`."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import JSONField, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, LinkedAdmin, unbroken
from scoring.admin_kit.formatting import NO_VALUE, decimal_text, duration_text
from scoring.learning.cards import (
    artifact_page,  # noqa: F401 - registers its page with the admin
    difference_page,  # noqa: F401 - registers its page with the admin
)
from scoring.learning.cards import page as card_page  # noqa: F401 - registers its page with the admin
from scoring.learning.gates import pages as gate_pages  # noqa: F401 - registers its pages with the admin
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.learning.pages import model as pages  # noqa: F401 - registers its page with the admin
from scoring.learning.pages.metric_table import difference_text
from scoring.learning.pages.training import percent_done
from scoring.learning.promotion.stages import stages_of
from scoring.registry.models import ModelVersion

REFRESH_SECONDS = 2
UNDER_WAY = (TrainingJob.State.QUEUED, TrainingJob.State.RUNNING)
MAX_ERROR_LENGTH = 60  # characters; the training's page has all of it
TONES = {"finished": "good", "failed": "bad", "running": "info"}


@admin.register(ModelVersion)
class ModelVersionAdmin(LinkedAdmin):
    """Model versions, newest first, each with its stage and its comparison with the champion."""

    page = ("model", "model")
    list_title = "Models"
    list_display = (
        "version",
        "event_type",
        "stage",
        "gate",
        "average_precision",
        "against_champion",
        "trained",
    )
    list_display_links = None
    list_filter = (EventTypeFilter, "status")
    ordering = ("-trained_at", "-number")
    sortable_by = ()
    list_before_template = "learning/model_list_top.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        difference = KeyTransform("difference", "comparison", output_field=JSONField())
        versions = super().get_queryset(request).annotate(difference=difference)
        return versions.defer("reference", "parameters", "comparison", "lineage")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        stages = stages_of(changelist.result_list)
        for version in changelist.result_list:
            version.stage = stages[version.name]
        return changelist

    @admin.display(description="model")
    def version(self, version: ModelVersion) -> str:
        address = reverse("admin:model", args=[version.name])
        return format_html('<a class="ws-link ws-num" href="{}">{}</a>', address, version.name)

    @admin.display(description="stage")
    def stage(self, version: Any) -> str:
        return badge(version.stage.name, text=version.stage.text)

    @admin.display(description="gate")
    def gate(self, version: ModelVersion) -> str:
        if not version.checks:
            return NO_VALUE
        passed = sum(check["passed"] for check in version.checks)
        tone = "good" if passed == len(version.checks) else "bad"
        return badge(f"{passed}/{len(version.checks)} passed", tone=tone)

    @admin.display(description="average precision")
    def average_precision(self, version: ModelVersion) -> str:
        return decimal_text(version.metrics.get("average_precision"), 4)

    @admin.display(description="vs. champion (95\N{NO-BREAK SPACE}%)")
    def against_champion(self, version: Any) -> str:
        return difference_text(version.difference)

    @admin.display(description="trained (UTC)")
    def trained(self, version: ModelVersion) -> str:
        return moment_and_actor(version.trained_at, version.trained_by)


@admin.register(TrainingJob)
class TrainingJobAdmin(LinkedAdmin):
    """Trainings, newest first; running ones show their progress, and the list refreshes itself."""

    page = ("training", "number")
    list_display = ("job", "event_type", "state_cell", "outcome", "requested", "took")
    list_display_links = None
    list_filter = ("state", EventTypeFilter)
    ordering = ("-number",)
    sortable_by = ()
    list_before_template = "learning/training_list_top.html"

    class Media:
        css = {"all": ("learning/learning.css",)}

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        jobs = list(changelist.result_list)
        progress = TrainingProgress.objects.in_bulk([job.number for job in jobs if job.state in UNDER_WAY])
        for job in changelist.result_list:
            job.progress = progress.get(job.number)
        return changelist

    @admin.display(description="training")
    def job(self, job: TrainingJob) -> str:
        address = reverse("admin:training", args=[job.number])
        return format_html('<a class="ws-link ws-num" href="{}">Training {}</a>', address, job.number)

    @admin.display(description="state")
    def state_cell(self, job: Any) -> str:
        shown = badge(job.state, tone=TONES.get(job.state, "neutral"), text=state_in_words(job))
        return self._refreshed(job, "state", format_html("{} {}", shown, self._bar(job)))

    @admin.display(description="result")
    def outcome(self, job: TrainingJob) -> str:
        if job.model:
            link = format_html(
                '<a class="ws-link" href="{}">{}</a>', reverse("admin:model", args=[job.model]), job.model
            )
            return self._refreshed(job, "outcome", link)
        return self._refreshed(job, "outcome", Truncator(job.error or NO_VALUE).chars(MAX_ERROR_LENGTH))

    @admin.display(description="requested (UTC)")
    def requested(self, job: TrainingJob) -> str:
        return moment_and_actor(job.requested_at, job.requested_by)

    @admin.display(description="duration")
    def took(self, job: TrainingJob) -> str:
        took = NO_VALUE
        if job.started_at is not None and job.ended_at is not None:
            took = duration_text(job.ended_at - job.started_at)
        return self._refreshed(job, "took", unbroken(took))

    def _bar(self, job: Any) -> str:
        progress = job.progress
        if job.state != TrainingJob.State.RUNNING or progress is None:
            return ""
        percent = percent_done(progress)
        return format_html(
            '<span class="ws-muted">{}</span><span class="ws-bar learning-bar" role="progressbar"'
            ' aria-label="{}" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{}">'
            '<span style="width: {}%"></span></span>',
            *(progress.step, progress.step, percent, percent),
        )

    def _refreshed(self, job: TrainingJob, part: str, content: str) -> str:
        """A cell that is fetched again every few seconds while the training is queued or running."""
        seconds = REFRESH_SECONDS if job.state in UNDER_WAY else ""
        return format_html(
            '<span id="job-{}-{}" data-refresh="{}">{}</span>', job.number, part, seconds, content
        )


def moment_and_actor(moment: datetime, actor: str) -> str:
    """The time and, if known, the actor; the line may break between the two."""
    by = unbroken(f"by {actor}") if actor else ""
    return format_html("<span>{} {}</span>", unbroken(f"{moment:%Y-%m-%d %H:%M}"), by)


def state_in_words(job: TrainingJob) -> str:
    """The state, or "stopping" for a running training that was cancelled."""
    stopping = job.state == TrainingJob.State.RUNNING and job.cancelled_by
    return "stopping" if stopping else job.state
