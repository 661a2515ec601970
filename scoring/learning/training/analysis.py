"""What is stored of a new model for its page: metrics by slice, and what its features do."""

from typing import Any

from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.fairness.assessment import assess_slices
from scoring.learning.fairness.fields import default_fields
from scoring.learning.training.fit import Trained
from scoring.progress import NO_PROGRESS, ProgressReporter


def analyze_model(trained: Trained, *, watch: ProgressReporter = NO_PROGRESS) -> dict[str, Any]:
    """{"slices"}, measured on the held-out events."""
    held_out = trained.held_out
    fields = default_fields(find_event_type(held_out.event_type), held_out.feature_names)
    return {
        "slices": assess_slices(
            held_out, trained.score, thresholds=trained.thresholds, fields=fields, watch=watch
        )
    }
