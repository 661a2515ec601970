"""Evaluations on the page of a model version that takes part in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.catalog.registry import event_type
from scoring.learning.folds.options import recipe_name
from scoring.learning.models import EvaluationJob
from scoring.learning.pages.evaluations.section import EvaluationSection, section_of_result
from scoring.learning.pages.explanation_plots import FoldImportance
from scoring.registry.models import ModelVersion

MAX_LISTED = 5


@dataclass(frozen=True)
class EvaluationPanel:
    """The newest finished evaluation with its result, None if there is none, and the other newest ones.

    `importance`: of the features of models trained with the version's recipe, None if it did not take part.
    """

    newest: EvaluationJob | None
    result: EvaluationSection | None
    others: Sequence[EvaluationJob]
    importance: FoldImportance | None = None


def evaluation_panel(version: ModelVersion) -> EvaluationPanel:
    """The evaluations in which a version takes part, by itself or by its recipe."""
    jobs = EvaluationJob.objects.filter(versions__contains=[version.name]).order_by("-number")
    newest = jobs.filter(state=EvaluationJob.State.FINISHED).first()
    others = list(jobs.defer("result", "options")[: MAX_LISTED + 1])
    if newest is None:
        return EvaluationPanel(None, None, others[:MAX_LISTED])
    section = section_of_result(newest.result, event_type(version.event_type))
    listed = [job for job in others if job.number != newest.number]
    own = recipe_name(version.name)
    importance = next((each for each in section.importance if each.name == own), None)
    return EvaluationPanel(newest, section, listed[:MAX_LISTED], importance)
