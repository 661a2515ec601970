"""The rows of a training as XGBoost reads them: in memory, or on disk (XGBoost's external memory)."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from scoring.explain.xgboost_native import xgb
from scoring.learning.training.recipe import DISK, TrainingConfig

BYTES_A_BATCH = 128 << 20  # of float32 values; fixed, because quantiles are merged by batch


@dataclass(frozen=True)
class Rows:
    """n rows: X float32[n, F], labels, how often each counts (None for once), and the margin they start from.

    `first_margin`: of all rows; None for that of the base score.
    """

    X: NDArray
    y: NDArray
    weights: NDArray | None = None
    first_margin: float | None = None

    def margins(self) -> NDArray[np.float32] | None:
        """The margin of each row, float32[n]."""
        if self.first_margin is None:
            return None
        return np.full(len(self.y), self.first_margin, dtype=np.float32)


def matrix_of(rows: Rows, *, config: TrainingConfig, reference: xgb.DMatrix | None = None) -> xgb.DMatrix:
    """The rows in the bins of `reference` or their own, or as they are for `exact`."""
    binned: dict[str, Any] = {"ref": reference, "max_bin": config.max_bin, "nthread": config.threads}
    if config.tree_method == "exact":
        matrix = xgb.DMatrix(rows.X, rows.y, weight=rows.weights, nthread=config.threads)
    elif config.placement == DISK:
        matrix = _matrix_on_disk(rows, **binned)
    else:
        matrix = xgb.QuantileDMatrix(rows.X, rows.y, weight=rows.weights, **binned)
    if (margins := rows.margins()) is not None:
        matrix.set_base_margin(margins)
    return matrix


def _matrix_on_disk(rows: Rows, **binned: Any) -> xgb.DMatrix:
    """The bins in files that exist as long as the matrix does."""
    Path(settings.TRAINING_DIR).mkdir(parents=True, exist_ok=True)
    directory = TemporaryDirectory(prefix="bins-", dir=settings.TRAINING_DIR)
    batches = _Batches(rows, cache_prefix=f"{directory.name}/page")
    matrix = xgb.ExtMemQuantileDMatrix(batches, **binned)
    weakref.finalize(matrix, directory.cleanup)
    return matrix


class _Batches(xgb.DataIter):
    """Consecutive rows, about BYTES_A_BATCH at a time."""

    def __init__(self, rows: Rows, *, cache_prefix: str) -> None:
        self._rows, self._start = rows, 0
        self._size = max(1, BYTES_A_BATCH // (4 * rows.X.shape[1]))
        super().__init__(cache_prefix=cache_prefix, on_host=False)

    def next(self, input_data: Callable[..., Any]) -> bool:
        rows = self._rows
        if self._start >= len(rows.y):
            return False
        part = slice(self._start, self._start + self._size)
        weights = None if rows.weights is None else rows.weights[part]
        input_data(data=np.array(rows.X[part], dtype=np.float32), label=rows.y[part], weight=weights)
        self._start = part.stop
        return True

    def reset(self) -> None:
        self._start = 0
