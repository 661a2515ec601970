"""Our tables, XGBoost and the `shap` package give the same Shapley values, whatever the trees look like."""

import numpy as np
import shap
import xgboost as xgb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.explain.prediction import load_booster, predict_contributions, predict_margin
from scoring.explain.treeshap import TableExplainer, explainer_for

# Relative: the resolution of float32, in which XGBoost adds, for contributions and margins beyond ten.
CLOSE = {"atol": 1e-5, "rtol": 1e-6}
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

shapes = st.fixed_dictionaries(
    {
        "max_depth": st.integers(1, 9),
        "min_child_weight": st.sampled_from([0.0, 0.3, 1.0, 5.0]),
        "gamma": st.sampled_from([0.0, 0.0, 0.5, 100.0]),  # 100 leaves nothing but roots
        "eta": st.sampled_from([0.1, 0.3]),
        "subsample": st.sampled_from([0.6, 1.0]),
        "objective": st.sampled_from(["binary:logistic", "binary:logistic", "reg:squarederror"]),
        "base_score": st.sampled_from([0.01, 0.3, 0.5]),
        "tree_method": st.sampled_from(["hist", "exact"]),
    }
)
leafwise = st.fixed_dictionaries(
    {
        "grow_policy": st.just("lossguide"),
        "max_leaves": st.integers(2, 40),
        "max_depth": st.just(0),
        "tree_method": st.just("hist"),
    }
)


@st.composite
def trained(draw):
    """A booster and rows to explain, many of them on its thresholds."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns = draw(st.integers(1, 14))
    decimals = draw(st.sampled_from([0, 1, 6]))  # few different values: features come twice on a path, ties
    X = np.round(rng.normal(size=(400, columns)), decimals)
    X[rng.random(X.shape) < draw(st.sampled_from([0.0, 0.3]))] = np.nan
    known = np.nan_to_num(X)
    y = (known[:, 0] * known[:, -1] + known.sum(axis=1) / columns + rng.normal(size=len(X)) > 0.5).astype(
        float
    )
    parameters = draw(shapes) | draw(st.one_of(st.just({}), leafwise))
    if draw(st.booleans()):
        parameters["monotone_constraints"] = tuple(rng.integers(-1, 2, columns).tolist())
    booster = xgb.train(parameters | {"nthread": 1}, xgb.DMatrix(X, y), draw(st.integers(1, 12)))
    return load_booster(bytes(booster.save_raw("ubj")), threads=1), near_thresholds(booster, X[:70], rng)


def near_thresholds(booster, X, rng):
    """The rows with half of their values on a threshold, or closer to one than float32 can distinguish."""
    splits = booster.trees_to_dataframe().dropna(subset="Split")
    X = X.copy()
    for column in range(X.shape[1]):
        limits = splits.loc[splits.Feature == f"f{column}", "Split"].to_numpy()
        if len(limits):
            chosen = rng.random(len(X)) < 0.5
            X[chosen, column] = rng.choice(limits, chosen.sum()) * (1 + rng.integers(-1, 2) * 1e-12)
    return X


@SLOW
@given(trained())
def test_tables_equal_shap_and_xgboost_and_add_up_to_the_margin(model):
    booster, X = model
    explainer = explainer_for(booster)
    assert isinstance(explainer, TableExplainer), str(explainer)
    margins, ours = explainer.explain(X)
    reference = shap.TreeExplainer(booster)
    np.testing.assert_allclose(ours[:, :-1], reference.shap_values(X.astype(np.float32)), **CLOSE)
    np.testing.assert_allclose(ours[:, -1], reference.expected_value, **CLOSE)
    reference.model.model_type = "internal"  # not XGBoost's values but those of shap's own recursion
    own = reference.shap_values(X.astype(np.float32), check_additivity=False)
    np.testing.assert_allclose(ours[:, :-1], own, **CLOSE)
    np.testing.assert_allclose(ours, predict_contributions(booster, X), **CLOSE)
    np.testing.assert_allclose(ours.sum(axis=1), margins, **CLOSE)
    assert margins.tobytes() == predict_margin(booster, X).tobytes()


@settings(SLOW, max_examples=20)
@given(trained(), st.integers(1, 70))
def test_a_row_has_the_same_bits_whatever_the_other_rows(model, rows):
    booster, X = model
    explainer = explainer_for(booster)
    together = explainer.explain(X)
    for first in range(0, len(X), rows):
        part = explainer.explain(X[first : first + rows])
        assert part[0].tobytes() == together[0][first : first + rows].tobytes()
        assert part[1].tobytes() == together[1][first : first + rows].tobytes()
