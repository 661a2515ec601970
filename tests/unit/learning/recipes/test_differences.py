from scoring.learning.recipes.differences import recipe_differences
from scoring.learning.training.recipe import TrainingConfig


def test_only_what_differs_is_named():
    before, after = TrainingConfig(), TrainingConfig(depth=8, features_left_out=("amount",))
    assert recipe_differences(before.parameters(), before.parameters()) == []
    assert recipe_differences(before.parameters(), after.parameters()) == [
        ("depth", 6, 8),
        ("features_left_out", [], ["amount"]),
    ]


def test_a_parameter_that_an_older_version_lacks_differs():
    older = TrainingConfig().parameters()
    del older["tree_method"]
    assert recipe_differences(older, TrainingConfig().parameters()) == [("tree_method", None, "hist")]
