"""The page of an evaluation: its progress, its options and its result."""

from typing import Any

from scoring.admin_kit.pages import register_page
from scoring.admin_kit.time_zones import zoned_text
from scoring.catalog.registry import event_types
from scoring.jobs.pages import JobPage
from scoring.learning.folds.options import DAY, FoldOptions, recipe_name
from scoring.learning.jobs.evaluations.evaluations import evaluations
from scoring.learning.pages.evaluations.section import contender_text, section_of_result


@register_page
class EvaluationPage(JobPage):
    """One evaluation."""

    path, name, title = "evaluations/<int:number>/", "evaluation", "Evaluation"
    permission, cancel = "scoring.view_evaluationjob", "scoring.cancel_evaluationjob"
    template_name = "learning/evaluation.html"
    jobs = evaluations

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        result, kind = self.job.result, event_types().get(self.job.event_type)
        return super().get_context_data(
            options=option_rows(FoldOptions.from_stored(self.job.options)),
            result=section_of_result(result, kind) if result and kind else None,
            **kwargs,
        )


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
    return zoned_text(moment) if moment else otherwise


def contender_names(options: FoldOptions) -> list[str]:
    """Everything that is compared, for people."""
    return [
        recipe_name(options.model) if options.model else contender_text("default"),
        *(f"recipe {name}" for name, _ in options.recipes),
        *(["treatments of imbalance"] if options.imbalance else []),
        *map(recipe_name, options.recipes_of),
        *map(contender_text, options.against),
    ]
