import json
from dataclasses import replace

import pytest

from scoring.learning.dataset.split import SplitShares
from scoring.learning.errors import InvalidTraining
from scoring.learning.recipes.fields import FIELDS, RecipeChoice, RecipeNumber, value_at
from scoring.learning.recipes.reading import read_recipe, recipe_of, stated_values, with_value
from scoring.learning.training.recipe import Imbalance, ThresholdPolicy, TrainingConfig

CHANGED = TrainingConfig(
    trees=300,
    learning_rate=0.05,
    tree_method="exact",
    shares=SplitShares(train=0.6, validation=0.2, gap_days=7.0),
    policy=ThresholdPolicy(reviews_a_day=20),
    explicit_thresholds=(("block", 0.9), ("review", 0.1)),
    features_left_out=("day_of_week", "hour_of_day"),
    monotone=(("amount", "increasing"),),
    imbalance=Imbalance("down_sampling", negatives_per_positive=5.0),
)


def test_a_recipe_comes_back_from_what_it_states():
    assert read_recipe(stated_values(CHANGED)) == CHANGED
    assert stated_values(TrainingConfig()) == {}
    assert read_recipe({}) == TrainingConfig()


def test_a_recipe_states_only_what_differs():
    stated = stated_values(replace(TrainingConfig(), depth=8, shares=SplitShares(gap_days=7.0)))
    assert stated == {"depth": 8, "shares": {"gap_days": 7.0}}


def test_what_a_file_leaves_out_stays_as_it_was():
    base = TrainingConfig(depth=9, features_left_out=("amount",))
    assert read_recipe({"trees": 50}, base=base) == replace(base, trees=50)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_every_field_takes_its_default_and_refuses_what_is_outside(field):
    assert field.check(field.default) == field.default == value_at(TrainingConfig(), field.path)
    assert with_value(TrainingConfig(), field.path, field.default) == TrainingConfig()
    wrong = (
        ["nonsense", True] if isinstance(field, RecipeChoice) else [field.minimum - 1, field.maximum + 1, "6"]
    )
    if not (isinstance(field, RecipeNumber) and field.derived):
        wrong.append(None)
    for value in [*wrong, float("nan"), [1]]:
        with pytest.raises(InvalidTraining) as refused:
            field.check(value)
        assert (refused.value.field, refused.value.allowed) == (field.path, field.allowed)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"tress": 5}, "tress", "it has trees, depth"),
        ({"shares": {"trian": 0.7}}, "shares.trian", "train, validation"),
        ({"shares": 0.7}, "shares", "a mapping"),
        ([1], "recipe", "a mapping"),
        ({"depth": 6.5}, "depth", "a whole number from 1 to 12"),
        ({"learning_rate": 0}, "learning_rate", "above 0 and at most 1"),
        ({"shares": {"train": 0.9}}, "shares", "a sum of 1"),
        ({"features_left_out": "amount"}, "features_left_out", "a list of names"),
        ({"monotone": {"amount": "up"}}, "monotone.amount", "increasing, decreasing"),
        (
            {"monotone": {"amount": "increasing"}, "features_left_out": ["amount"]},
            "monotone",
            "also left out",
        ),
        ({"thresholds": {"review": 0.9, "block": 0.1}}, "thresholds.review", "at most the block threshold"),
        ({"thresholds": {"allow": 0.9}}, "thresholds.allow", "review, block"),
        ({"thresholds": {"review": "low"}}, "thresholds.review", "from 0 to 1"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_by_name(values, field, words):
    with pytest.raises(InvalidTraining) as refused:
        read_recipe(values)
    assert refused.value.field == field
    assert words in str(refused.value)


def test_a_recipe_comes_back_from_what_is_stored_with_a_version():
    stored = json.loads(json.dumps(CHANGED.parameters()))
    assert recipe_of(stored) == CHANGED


def test_a_recipe_that_was_stored_before_a_parameter_existed_has_its_default():
    assert recipe_of({"trees": 90, "depth": 6, "parameter_of_old": 3}) == TrainingConfig(trees=90)
