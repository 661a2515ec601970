import numpy as np

from scoring.learning.comparison import recode_categories


def test_codes_follow_their_values_into_another_vocabulary():
    X = np.array([[1, 9.5], [2, 1], [3, 1], [0, 1], [np.nan, 1]], dtype=np.float32)
    recoded = recode_categories(
        X, names=["category", "amount"], old={"category": ("a", "b", "c")}, new={"category": ("c", "x", "a")}
    )
    assert recoded[:, 0].tolist()[:4] == [3, 0, 1, 0]
    assert np.isnan(recoded[4, 0])
    np.testing.assert_array_equal(recoded[:, 1], X[:, 1])
    assert X[0, 0] == 1


def test_a_field_that_is_no_feature_of_its_own_changes_nothing():
    X = np.array([[1.0]], dtype=np.float32)
    assert recode_categories(X, names=["amount"], old={"category": ("a",)}, new={}).tolist() == [[1.0]]
