"""A booster's margins and their exact explanation, the same for training, live decisions and replay."""

import numpy as np
from numpy.typing import NDArray

from scoring.explain.xgboost_native import xgb


def load_booster(content: bytes, *, threads: int) -> xgb.Booster:
    """The booster in these UBJSON bytes, predicting with `threads` threads."""
    booster = xgb.Booster()
    booster.load_model(bytearray(content))
    # The stored configuration contains the training run's thread count.
    booster.set_param({"nthread": threads})
    return booster


def predict_margin(booster: xgb.Booster, X: NDArray) -> NDArray[np.float32]:
    """Log-odds before calibration, float32[n], of vectors [n, F] in set order; NaN is a missing value.

    A row's margin does not depend on the other rows.
    """
    return booster.inplace_predict(np.asarray(X, dtype=np.float32), predict_type="margin")


def predict_contributions(booster: xgb.Booster, X: NDArray) -> NDArray[np.float64]:
    """Exact TreeSHAP of the margin (Lundberg et al. 2020), float64[n, F + 1], the last column being the bias.

    A row sums to its margin.
    """
    matrix = xgb.DMatrix(np.asarray(X, dtype=np.float32), nthread=1)
    return booster.predict(matrix, pred_contribs=True).astype(np.float64)
