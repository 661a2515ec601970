"""The plain baselines that a model has to beat on the same features."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

FOREST_TREES = 200
FOREST_LEAF = 5  # events in a leaf, at least


def signed_log(X: NDArray) -> NDArray:
    """sign(x) log(1 + |x|), which shortens the long tails of amounts, counts and ratios."""
    return np.sign(X) * np.log1p(np.abs(X))


def logistic_baseline(*, codes: Sequence[int], features: int, strength: float = 1.0) -> Pipeline:
    """An unfitted pipeline. `codes`: columns of codes (categories, hours), one-hot encoded.

    The other columns are imputed by their median with a missing indicator, used both as they are and as their
    signed logarithm, and standardized. `strength` is scikit-learn's C.
    """
    numbers = [column for column in range(features) if column not in set(codes)]
    number_steps = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        FunctionTransformer(_with_logarithms),
        StandardScaler(),
    )
    code_steps = OneHotEncoder(handle_unknown="ignore", min_frequency=20)
    prepare = ColumnTransformer([("numbers", number_steps, numbers), ("codes", code_steps, list(codes))])
    return make_pipeline(prepare, LogisticRegression(C=strength, max_iter=300))


def fit_baseline(*, X: NDArray, y: NDArray, codes: Sequence[int], weights: NDArray | None = None) -> Pipeline:
    """The fitted baseline; `baseline_score` applies it. `weights`: how often each row counts."""
    baseline = logistic_baseline(codes=codes, features=X.shape[1])
    return baseline.fit(X, y, **{f"{baseline.steps[-1][0]}__sample_weight": weights})


def fit_forest(
    X: NDArray, y: NDArray, *, weights: NDArray | None = None, threads: int = 1, seed: int = 7
) -> RandomForestClassifier:
    """A fitted random forest (Breiman 2001).

    FOREST_TREES trees, leaves of at least FOREST_LEAF events, the root of the number of features at each
    split; missing values go the way that separates better.
    """
    forest = RandomForestClassifier(
        FOREST_TREES,
        min_samples_leaf=FOREST_LEAF,
        max_features="sqrt",
        n_jobs=threads,
        random_state=seed,
    )
    return forest.fit(X, y, sample_weight=weights)


def baseline_score(baseline: ClassifierMixin | Pipeline, X: NDArray) -> NDArray[np.float64]:
    """Probability of the positive class, float64[n]."""
    return baseline.predict_proba(X)[:, 1]


def _with_logarithms(X: NDArray) -> NDArray:
    return np.hstack([X, signed_log(X)])
