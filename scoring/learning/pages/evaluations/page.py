"""The page of an evaluation: its progress, its options and its result."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.catalog.registry import event_types
from scoring.errors import ScoringError
from scoring.learning.folds.options import DAY, FoldOptions, recipe_name
from scoring.learning.jobs.evaluations.evaluations import evaluations
from scoring.learning.models import EvaluationJob, EvaluationProgress
from scoring.learning.pages.evaluations.section import contender_text, section_of_result
from scoring.learning.pages.training import percent_done

CANCEL = "scoring.cancel_evaluationjob"


@register_page
class EvaluationPage(AdminPage):
    """One evaluation."""

    path, name, title = "evaluations/<int:number>/", "evaluation", "Evaluation"
    permission = "scoring.view_evaluationjob"
    template_name = "learning/evaluation.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = EvaluationJob.objects.filter(number=self.kwargs["number"]).first()
        if job is None:
            raise Http404
        self.title = f"Evaluation {job.number}"
        progress = EvaluationProgress.objects.filter(job=job.number).first()
        kind = event_types().get(job.event_type)
        return super().get_context_data(
            job=job,
            options=option_rows(FoldOptions.from_stored(job.options)),
            progress=progress,
            percent=percent_done(progress),
            may_cancel=self.request.user.has_perm(CANCEL),
            result=section_of_result(job.result, kind) if job.result and kind else None,
            **kwargs,
        )

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        self.require(CANCEL)
        try:
            entry = evaluations.cancel(number, actor=actor_of(request), now=timezone.now())
            done = "was cancelled" if entry.type == "evaluation.cancelled" else "will stop within seconds"
            messages.success(request, f"Evaluation {number} {done}.")
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        return redirect("admin:evaluation", number=number)


def option_rows(options: FoldOptions) -> list[tuple[str, str]]:
    """The options as names and values."""
    maturity = (
        "the catalog's value" if options.matures_after is None else f"{options.matures_after / DAY:g} days"
    )
    return [
        ("Folds", _folds_text(options)),
        ("Learn from events from", _moment_text(options.since, "the first event")),
        ("Labels mature after", maturity),
        ("Compared", ", ".join(contender_names(options))),
    ]


def _folds_text(options: FoldOptions) -> str:
    if options.origins:
        dates = ", ".join(f"{origin:%Y-%m-%d}" for origin in options.origins)
        return f"origins {dates}, each tested on {options.test_length / DAY:g} days"
    start = _moment_text(options.test_from, "the newer half of the events")
    return f"{options.folds}, tested on {'events from ' if options.test_from else ''}{start}"


def _moment_text(moment: Any, otherwise: str) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else otherwise


def contender_names(options: FoldOptions) -> list[str]:
    """Everything that is compared, for people."""
    return [
        recipe_name(options.model) if options.model else contender_text("default"),
        *(f"recipe {name}" for name, _ in options.recipes),
        *(["treatments of imbalance"] if options.imbalance else []),
        *map(recipe_name, options.recipes_of),
        *map(contender_text, options.against),
    ]
