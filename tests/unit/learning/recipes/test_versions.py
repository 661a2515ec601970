"""The recipe of a version is read from its parameters as they are in the log."""

import orjson
import pytest

from scoring.learning.errors import InvalidTraining
from scoring.learning.recipes.versions import recipe_from
from scoring.learning.training.recipe import FOCAL_LOSS, Imbalance, ThresholdPolicy, TrainingConfig

EVERYTHING = TrainingConfig(
    trees=5,
    patience=4,
    seed=3,
    threads=1,
    minimum_positives=4,
    tree_method="exact",
    policy=ThresholdPolicy(reviews_a_day=3, min_review_score=0.1, block_precision=0.9, block_support=5),
    explicit_thresholds=(("block", 0.9), ("review", 0.1)),
    features_left_out=("hour_of_day",),
    monotone=(("amount", "increasing"),),
    imbalance=Imbalance(FOCAL_LOSS),
)


def parameters_of(config: TrainingConfig) -> dict:
    return orjson.loads(orjson.dumps(config.parameters()))


@pytest.mark.parametrize("config", [TrainingConfig(), EVERYTHING])
def test_the_recipe_that_was_trained_is_read_back(config: TrainingConfig) -> None:
    assert recipe_from(parameters_of(config)) == config


def test_what_older_versions_do_not_state_is_as_in_the_default_recipe() -> None:
    older = parameters_of(TrainingConfig(depth=4))
    for name in ("tree_method", "features_left_out", "monotone", "imbalance"):
        del older[name]
    assert recipe_from(older) == TrainingConfig(depth=4)


def test_a_parameter_that_recipes_no_longer_have_is_refused() -> None:
    with pytest.raises(InvalidTraining, match="gamma"):
        recipe_from(parameters_of(TrainingConfig()) | {"gamma": 1})
