"""The search space: data over the recipe's fields."""

from dataclasses import replace

import pytest

from scoring.learning.recipes.fields import BY_PATH
from scoring.learning.recipes.reading import checked
from scoring.learning.search.space import (
    SPACE,
    TREATMENT,
    SearchedNumber,
    applied,
    space_for,
    values_of,
)
from scoring.learning.training.recipe import DOWN_SAMPLING, Imbalance, TrainingConfig

NUMBERS = [each for each in SPACE if isinstance(each, SearchedNumber)]


@pytest.mark.parametrize("each", NUMBERS, ids=lambda each: each.path)
def test_bounds_lie_within_those_of_the_recipes_field(each):
    assert each.low < each.high
    for bound in (each.low, each.high):
        checked(applied(TrainingConfig(), {each.path: bound}))


def test_the_space_covers_trees_and_the_treatment_of_imbalance():
    paths = {each.path for each in SPACE}
    assert paths >= {"depth", "learning_rate", "min_child_weight", "subsample", "colsample_bytree"}
    assert paths >= {"reg_lambda", "max_bin", TREATMENT}
    assert paths >= {path for path in BY_PATH if path.startswith("imbalance.")}


def test_the_default_recipe_lies_in_the_space():
    values = values_of(TrainingConfig(), SPACE)
    assert set(values) == {each.path for each in SPACE if not each.treatment}
    assert applied(TrainingConfig(), values) == TrainingConfig()


def test_a_treatments_number_belongs_to_that_treatment_alone():
    base = replace(TrainingConfig(), imbalance=Imbalance(DOWN_SAMPLING))
    assert values_of(base, SPACE)["imbalance.negatives_per_positive"] == 20.0
    assert "imbalance.focal_gamma" not in values_of(base, SPACE)


def test_a_value_out_of_bounds_is_left_out():
    base = replace(TrainingConfig(), depth=12)
    assert "depth" not in values_of(base, SPACE)


def test_what_makes_no_difference_is_not_searched():
    exact = replace(TrainingConfig(), tree_method="exact")
    assert "max_bin" not in {each.path for each in space_for(exact)}
    without = space_for(TrainingConfig(), overridden={"min_child_weight": 1.0})
    assert {each.path for each in SPACE} - {each.path for each in without} == {"min_child_weight"}
