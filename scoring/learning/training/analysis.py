"""What is stored of a new model for its page: metrics by slice, and what its features do."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.explanation.contributions import explain_sample, mean_contributions
from scoring.learning.explanation.summary import summarize
from scoring.learning.fairness.assessment import assess_slices
from scoring.learning.fairness.fields import default_fields
from scoring.learning.training.fit import Trained
from scoring.progress import NO_PROGRESS, ProgressReporter

MAX_EXPLAINED = 1_000  # held-out events, drawn at random
SEED = 16


def analyze_model(trained: Trained, *, watch: ProgressReporter = NO_PROGRESS) -> dict[str, Any]:
    """{"slices", "explanation"}, measured on the held-out events."""
    held_out = trained.held_out
    fields = default_fields(find_event_type(held_out.event_type), held_out.feature_names)
    slices = assess_slices(held_out, trained.score, thresholds=trained.thresholds, fields=fields, watch=watch)
    return {"slices": slices, "explanation": explain_model(trained, watch=watch)}


def explain_model(trained: Trained, *, watch: ProgressReporter = NO_PROGRESS) -> dict[str, Any]:
    """What the features do, on a random sample of the held-out events; each counts once."""
    held_out = trained.held_out
    watch.begin("explaining the model", total=1)
    rows = _explained_rows(trained)
    sample = explain_sample(trained.booster, held_out.X[rows], held_out.groups[rows])
    watch.advance(1)
    return summarize(sample, held_out.feature_names)


def importance_of(trained: Trained) -> dict[str, float]:
    """The importance of each feature by name, on the sample that `explain_model` takes."""
    held_out = trained.held_out
    return mean_contributions(trained.booster, held_out.X[_explained_rows(trained)], held_out.feature_names)


def _explained_rows(trained: Trained) -> NDArray[np.int64]:
    return np.random.default_rng(SEED).permutation(len(trained.held_out.y))[:MAX_EXPLAINED]
