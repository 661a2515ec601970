"""The features that a recipe names: whether an event type has them, and where they are in a vector."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import lane_plan
from scoring.learning.dataset.matrix_files import copy_rows, is_on_disk
from scoring.learning.errors import InvalidTraining
from scoring.learning.training.recipe import DIRECTIONS, TrainingConfig


def declared_features(event_type: str) -> list[str]:
    """The names of the features that this code declares for the type."""
    plan = lane_plan(find_event_type(event_type).lane)
    return list(plan.feature_set(event_type).names)


def check_features(config: TrainingConfig, names: Sequence[str]) -> None:
    """Raises InvalidTraining for a feature that is not among the names, or if none is left."""
    for field, stated in (
        ("features_left_out", config.features_left_out),
        ("monotone", [name for name, _ in config.monotone]),
    ):
        for name in stated:
            if name not in names:
                raise InvalidTraining(field, name, _known(name, names))
    if len(config.features_left_out) >= len(names):
        raise InvalidTraining("features_left_out", len(names), "fewer than all features")


def check_accepted(accepted: Sequence[str], names: Sequence[str]) -> None:
    """Raises InvalidTraining if a feature whose leakage is accepted is not among the names."""
    for name in accepted:
        if name not in names:
            raise InvalidTraining("accept_leakage", name, _known(name, names))


def _known(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    return f"a feature of the type; did you mean {' or '.join(near)}?" if near else "a feature of the type"


def monotone_parameters(config: TrainingConfig, names: Sequence[str]) -> dict[str, Any]:
    """XGBoost's parameters for the recipe's monotone constraints; nothing without any."""
    if not config.monotone:
        return {}
    stated = {name: DIRECTIONS[direction] for name, direction in config.monotone}
    return {"monotone_constraints": tuple(stated.get(name, 0) for name in names)}


def without_left_out(
    X: NDArray[np.float32], *, config: TrainingConfig, names: Sequence[str]
) -> NDArray[np.float32]:
    """X float32[n, F] to grow trees on: a column that is left out is missing throughout, so no tree uses it.

    X itself if nothing is left out; a copy otherwise.
    """
    if not config.features_left_out:
        return X
    masked = copy_rows(X, np.arange(len(X))) if is_on_disk(X) else X.copy()
    masked[:, [names.index(name) for name in config.features_left_out]] = np.nan
    return masked
