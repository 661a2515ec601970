"""Admin lists of model versions, trainings and evaluations; the pages of one are in `pages`."""

from typing import Any

from django.contrib import admin
from django.db.models import JSONField, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import EventTypeFilter, LinkedAdmin
from scoring.admin_kit.formatting import NO_VALUE, decimal_text
from scoring.admin_kit.row_rules.visible import of_seen_types
from scoring.admin_kit.time_zones import with_zone
from scoring.jobs.lists import JobAdmin, moment_and_actor
from scoring.jobs.rows import JobState
from scoring.learning.cards import (
    artifact_page,  # noqa: F401 - registers its page with the admin
    difference_page,  # noqa: F401 - registers its page with the admin
)
from scoring.learning.cards import page as card_page  # noqa: F401 - registers its page with the admin
from scoring.learning.gates import pages as gate_pages  # noqa: F401 - registers its pages with the admin
from scoring.learning.models import EvaluationJob, EvaluationProgress, TrainingJob, TrainingProgress
from scoring.learning.pages import (
    model,  # noqa: F401 - registers its page with the admin
    training,  # noqa: F401 - registers its pages with the admin
)
from scoring.learning.pages.evaluations import (
    page as evaluation_page,  # noqa: F401 - registers its page with the admin
)
from scoring.learning.pages.evaluations import (
    start_page,  # noqa: F401 - registers its page with the admin
)
from scoring.learning.pages.metric_table import difference_text
from scoring.learning.promotion.stages import stages_of
from scoring.registry.models import ModelVersion
from scoring.rules.rules_only.switching import switched_on


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
        changelist.rules_only = of_seen_types(switched_on(), request.user)
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

    @admin.display(description=with_zone("trained"))
    def trained(self, version: ModelVersion) -> str:
        return moment_and_actor(version.trained_at, version.trained_by)


@admin.register(TrainingJob)
class TrainingJobAdmin(JobAdmin):
    """Trainings, each with the model that it produced."""

    page = ("training", "number")
    noun, progress_rows = "training", TrainingProgress
    list_before_template = "learning/training_list_top.html"

    def result_of(self, job: TrainingJob) -> str:
        if not job.model:
            return ""
        address = reverse("admin:model", args=[job.model])
        return format_html('<a class="ws-link" href="{}">{}</a>', address, job.model)


@admin.register(EvaluationJob)
class EvaluationJobAdmin(JobAdmin):
    """Evaluations on folds, each with the models that take part."""

    page = ("evaluation", "number")
    list_title = "Evaluations"
    noun, progress_rows = "evaluation", EvaluationProgress
    list_before_template = "learning/evaluation_list_top.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaluationJob]:
        return super().get_queryset(request).defer("result", "options")

    def result_of(self, job: EvaluationJob) -> str:
        if job.state != JobState.FINISHED:
            return ""
        return ", ".join(job.versions) or "recipes and baselines"
