"""The recipe of a model version that exists, to train it again on other events."""

from collections.abc import Mapping
from typing import Any

from scoring.learning.recipes.reading import STATED, read_recipe
from scoring.learning.training.recipe import TrainingConfig
from scoring.registry.model_versions import find_version


def recipe_of(name: str) -> TrainingConfig:
    """The recipe that a version was trained with.

    Raises UnknownModel, and InvalidTraining for one with parameters that recipes no longer have.
    """
    return recipe_from(find_version(name).parameters)


def recipe_from(parameters: Mapping[str, Any]) -> TrainingConfig:
    """The recipe whose `parameters()` are these, with the names that the log has. Raises InvalidTraining."""
    values = {
        name: value for name, value in parameters.items() if name not in ("stated_thresholds", "policy")
    }
    policy = {
        ("min_review_score" if name == "worth_a_look" else name): value
        for name, value in parameters["policy"].items()
    }
    return read_recipe(values | {"policy": policy, STATED: dict(parameters["stated_thresholds"])})
