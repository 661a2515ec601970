"""Categories are encoded by the vocabulary of each model."""

import numpy as np

from scoring.decisions.predictions.model_columns import fill_model_columns
from scoring.features.compile.plan import lane_plan

KNOWN = ("grocery", "fuel")


def test_only_categories_are_encoded_and_the_given_vectors_stay_unchanged() -> None:
    plan = lane_plan("commerce", vocabularies={"payment": {"category": KNOWN}})
    feature_set = plan.feature_set("payment")
    category = feature_set.names.index("category")
    features = np.arange(4.0 * len(feature_set.names)).reshape(4, -1) + 100
    before = features.copy()
    fields = [{"category": "fuel"}, {"category": "grocery"}, {"category": "toys"}, {}]

    coded = fill_model_columns(features, feature_set=feature_set, fields=fields)

    np.testing.assert_equal(coded[:, category], [2, 1, 0, np.nan])
    others = np.arange(len(feature_set.names)) != category
    np.testing.assert_equal(coded[:, others], before[:, others])
    np.testing.assert_equal(features, before)
