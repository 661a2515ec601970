"""Explanations from tables: which models can be tabulated, which use XGBoost and why, and the bounds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xgboost as xgb

from scoring.explain import tables, treeshap
from scoring.explain.errors import NotTabulated
from scoring.explain.groups import GROUP_BITS, group_leaves
from scoring.explain.prediction import predict_contributions, predict_margin
from scoring.explain.tables import tabulate
from scoring.explain.trees import Ensemble, Tree, read_ensemble
from scoring.explain.treeshap import LibraryExplainer, TableExplainer, explainer_for

RNG = np.random.default_rng(5)
X = np.round(RNG.normal(size=(600, 20)), 2)
Y = (X[:, :3].sum(axis=1) + X[:, 3] * X[:, 4] + RNG.normal(size=600) > 1).astype(float)
LOGISTIC = {"objective": "binary:logistic", "base_score": 0.3, "nthread": 1, "seed": 3}


def grow(rounds=10, label=Y, **parameters):
    return xgb.train(LOGISTIC | parameters, xgb.DMatrix(X, label), rounds)


def tree_of(left, features):
    """A tree whose splits have these left children (their right ones being next to them), -1 for leaves."""
    is_leaf = np.array(left) == -1
    right = [-1 if child == -1 else child + 1 for child in left]
    values = np.where(is_leaf, RNG.normal(size=len(left)), 0.0).astype(np.float32)
    cover = [0.0] * len(left)
    for node in range(len(left) - 1, -1, -1):
        cover[node] = 1.0 if left[node] == -1 else cover[left[node]] + cover[right[node]]
    return Tree(left, right, features, values, [0] * len(left), cover)


def full_tree(depth):
    """Every split asks a feature of its own."""
    splits = 2**depth - 1
    return tree_of(
        [2 * node + 1 if node < splits else -1 for node in range(2 * splits + 1)], list(range(2 * splits + 1))
    )


def chain(splits, features):
    """Every split has a leaf at its left and the next split at its right, asking `features` in turn."""
    left = [step for node in range(splits) for step in (-1, 2 * node + 3)]
    return tree_of([1, *left[:-1], -1], [node // 2 % features for node in range(-1, 2 * splits)])


def categorical():
    codes = np.column_stack([RNG.integers(0, 5, 600), X[:, 0]])
    matrix = xgb.DMatrix(
        codes, np.isin(codes[:, 0], [1, 3]), feature_types=["c", "q"], enable_categorical=True
    )
    return xgb.train(LOGISTIC, matrix, 3)


@pytest.mark.parametrize(
    ("booster", "why"),
    [
        (lambda: grow(booster="dart", rate_drop=0.5), "a dart"),
        (lambda: grow(booster="gblinear"), "a gblinear"),
        (lambda: grow(objective="multi:softprob", num_class=3, base_score=0.5), "several outputs"),
        (lambda: grow(label=np.column_stack([Y, 1 - Y])), "several outputs"),
        (categorical, "sets of categories"),
    ],
    ids=["dart", "linear", "classes", "targets", "categorical"],
)
def test_models_that_cannot_be_tabulated_use_xgboost_and_log_why(booster, why, caplog):
    explainer = explainer_for(booster())
    assert isinstance(explainer, LibraryExplainer)
    assert why in str(explainer)
    assert why in caplog.text


def test_xgboost_explains_models_without_tables():
    booster = grow(booster="dart", rate_drop=0.5)
    margins, contributions = explainer_for(booster).explain(X[:9])
    assert margins.tobytes() == predict_margin(booster, X[:9]).tobytes()
    assert contributions.tobytes() == predict_contributions(booster, X[:9]).tobytes()


def test_tables_are_bounded(monkeypatch):
    booster = grow()
    needed = explainer_for(booster).tables.rows.nbytes
    monkeypatch.setattr(tables, "MAX_BYTES", needed)
    assert isinstance(explainer_for(booster), TableExplainer)
    monkeypatch.setattr(tables, "MAX_BYTES", needed - 2 * tables.CELLS * 4)
    assert "would take more than" in str(explainer_for(booster))


@pytest.mark.parametrize("broken", ["predict_margin", "predict_contributions"])
def test_tables_that_disagree_with_xgboost_are_not_used(broken, monkeypatch):
    right = getattr(treeshap, broken)
    monkeypatch.setattr(treeshap, broken, lambda booster, X: right(booster, X) + np.float32(0.01))
    assert "are not XGBoost's" in str(explainer_for(grow()))


def test_one_wrong_contribution_of_one_row_is_one_too_many(monkeypatch):
    def wrong_in_one(booster, X):
        contributions = predict_contributions(booster, X)
        contributions[len(X) // 2, 0] += 0.01
        return contributions

    monkeypatch.setattr(treeshap, "predict_contributions", wrong_in_one)
    assert "are not XGBoost's" in str(explainer_for(grow()))


def test_200_full_trees_of_depth_6_stay_within_the_stated_memory():
    ensemble = Ensemble([full_tree(depth=6)] * 200, np.float32(0), 127)
    assert tabulate(ensemble).nbytes < 13 * 2**20


@pytest.mark.parametrize("rounds", [0, 1])
def test_trees_without_a_split_contribute_only_bias(rounds):
    booster = grow(rounds=rounds, gamma=1e6)
    margins, contributions = explainer_for(booster).explain(X[:5])
    assert margins.tobytes() == predict_margin(booster, X[:5]).tobytes()
    np.testing.assert_allclose(contributions, predict_contributions(booster, X[:5]), atol=1e-6)
    assert not contributions[:, :-1].any()


def test_a_margin_of_minus_zero_keeps_its_sign():
    flat = Tree([1, -1, -1], [2, -1, -1], [0, 0, 0], np.float32([0, -0.0, -0.0]), [0, 0, 0], [2.0, 1.0, 1.0])
    explainer = TableExplainer(tabulate(Ensemble([flat] * 3, np.float32(-0.0), 1)), 1)
    for rows in (1, 5):
        assert np.signbit(explainer.explain(np.ones((rows, 1)))[0]).all()


def test_every_leaf_is_in_one_group_with_a_short_key():
    for tree in read_ensemble(grow(max_depth=9, min_child_weight=0)).trees:
        groups = list(group_leaves(tree))
        leaves = [leaf.node for group in groups for leaf in group.leaves]
        assert sorted(leaves) == [node for node in range(len(tree.left)) if tree.is_leaf(node)]
        for group in groups:
            assert group.bits <= GROUP_BITS or len(group.leaves) == 1


@pytest.mark.parametrize(("splits", "features"), [(16, 16), (64, 3)])
def test_deep_paths_are_tabulated(splits, features):
    tables = tabulate(Ensemble([chain(splits, features)], np.float32(0), features))
    margins, contributions = TableExplainer(tables, features).explain(RNG.normal(size=(50, features)))
    np.testing.assert_allclose(contributions.sum(axis=1), margins, atol=1e-6)


@pytest.mark.parametrize(
    ("splits", "features", "why"),
    [(17, 17, "17 different features, more than 16"), (65, 3, "more than 64 splits")],
)
def test_paths_that_are_too_deep_are_not_tabulated(splits, features, why):
    with pytest.raises(NotTabulated, match=why):
        tabulate(Ensemble([chain(splits, features)], np.float32(0), features))


@pytest.mark.parametrize("vectors", [X[:2, :19], X[0]], ids=["narrow", "one row flat"])
def test_vectors_of_another_width_are_refused(vectors):
    with pytest.raises(ValueError, match=r"vectors \[n, 20\] are needed"):
        explainer_for(grow()).explain(vectors)


def test_no_rows_give_no_rows():
    margins, contributions = explainer_for(grow()).explain(X[:0])
    assert margins.shape == (0,)
    assert contributions.shape == (0, 21)


def test_threads_may_share_an_explainer():
    explainer = explainer_for(grow())
    expected = explainer.explain(X)
    with ThreadPoolExecutor(8) as pool:
        for margins, contributions in pool.map(explainer.explain, [X] * 64):
            assert margins.tobytes() == expected[0].tobytes()
            assert contributions.tobytes() == expected[1].tobytes()
