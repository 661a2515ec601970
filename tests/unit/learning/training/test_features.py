import numpy as np
import pytest

from scoring.learning.errors import InvalidTraining
from scoring.learning.training.features import (
    check_features,
    declared_features,
    monotone_parameters,
    without_left_out,
)
from scoring.learning.training.recipe import TrainingConfig

NAMES = ("amount", "card_count_1h", "hour_of_day")


def test_a_feature_that_the_type_lacks_is_refused_with_the_nearest_names():
    with pytest.raises(InvalidTraining) as refused:
        check_features(TrainingConfig(features_left_out=("card_count_2h",)), NAMES)
    assert "'card_count_2h' is not a feature of the type; did you mean card_count_1h" in str(refused.value)
    assert refused.value.field == "features_left_out"
    with pytest.raises(InvalidTraining, match="monotone: 'zzz'"):
        check_features(TrainingConfig(monotone=(("zzz", "increasing"),)), NAMES)
    with pytest.raises(InvalidTraining, match="fewer than all features"):
        check_features(TrainingConfig(features_left_out=NAMES), NAMES)
    check_features(TrainingConfig(features_left_out=NAMES[:2]), NAMES)


def test_the_declared_features_of_a_type_can_be_named():
    assert {"amount", "hour_of_day"} <= set(declared_features("payment"))


def test_a_column_left_out_is_missing_and_the_matrix_itself_unchanged():
    X = np.arange(6, dtype=np.float32).reshape(2, 3)
    masked = without_left_out(X, config=TrainingConfig(features_left_out=("card_count_1h",)), names=NAMES)
    assert np.isnan(masked[:, 1]).all()
    assert masked[:, [0, 2]].tolist() == [[0, 2], [3, 5]]
    assert X[0, 1] == 1
    assert without_left_out(X, config=TrainingConfig(), names=NAMES) is X


def test_directions_become_xgboosts_constraints_in_vector_order():
    config = TrainingConfig(monotone=(("amount", "increasing"), ("hour_of_day", "decreasing")))
    assert monotone_parameters(config, NAMES) == {"monotone_constraints": (1, 0, -1)}
    assert monotone_parameters(TrainingConfig(), NAMES) == {}
