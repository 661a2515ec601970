"""The logistic regression that a model has to beat on the same features."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler


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


def baseline_score(baseline: Pipeline, X: NDArray) -> NDArray[np.float64]:
    """Probability of the positive class, float64[n]."""
    return baseline.predict_proba(X)[:, 1]


def _with_logarithms(X: NDArray) -> NDArray:
    return np.hstack([X, signed_log(X)])
