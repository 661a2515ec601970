"""Margins of texts by models that have not seen them, and the regularization that suits later texts best."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scoring.learning.texts.linear import can_fit, fit_linear, log_loss

BLOCKS = 5  # of time, each with as many texts
STRENGTHS = (1.0, 10.0, 100.0, 1000.0)
MAX_ROWS_TO_CHOOSE = 20_000  # the newest, on which the strength is chosen

Rows = NDArray[np.intp]


def time_folds(occurred_at: NDArray[np.int64], y: NDArray) -> Iterator[tuple[Rows, Rows]]:
    """(rows to fit on, rows to score) for each block of time; every row is scored once.

    A block is scored by a model of the blocks before it. Where these lack labels of both classes, as before
    the first block, by a model of all other blocks. `y`: 1, 0, or -1 for rows to score only.
    """
    order = np.argsort(occurred_at, kind="stable")
    blocks = [block for block in np.array_split(order, BLOCKS) if len(block)]
    for number, block in enumerate(blocks):
        past = np.concatenate([*blocks[:number], np.empty(0, dtype=np.intp)])
        if not can_fit(y[past]):
            past = np.concatenate([each for each in blocks if each is not block] or [past])
        yield past[y[past] >= 0], block


def out_of_fold_margins(
    rows: csr_matrix,
    y: NDArray,
    occurred_at: NDArray[np.int64],
    *,
    strength: float,
    weights: NDArray | None = None,
    step: Callable[[], None] = lambda: None,
) -> NDArray[np.float64]:
    """Log-odds float64[n] of each row by a model that was not fitted on it; NaN if none could be fitted."""
    margins = np.full(rows.shape[0], np.nan)
    for fit_on, scored in time_folds(occurred_at, y):
        if can_fit(y[fit_on]):
            model = fit_linear(
                rows[fit_on],
                y[fit_on],
                strength=strength,
                weights=None if weights is None else weights[fit_on],
            )
            margins[scored] = model.margins(rows[scored])
        step()
    return margins


def choose_strength(
    rows: csr_matrix,
    y: NDArray,
    occurred_at: NDArray[np.int64],
    *,
    weights: NDArray | None = None,
    step: Callable[[], None] = lambda: None,
) -> float:
    """The strength with the lowest log loss over the folds; of equal ones the strongest regularization."""
    newest = np.sort(np.argsort(occurred_at, kind="stable")[-MAX_ROWS_TO_CHOOSE:])
    rows, y, occurred_at = rows[newest], y[newest], occurred_at[newest]
    weights = None if weights is None else weights[newest]
    losses = {}
    for strength in STRENGTHS:
        margins = out_of_fold_margins(rows, y, occurred_at, strength=strength, weights=weights, step=step)
        judged = ~np.isnan(margins) & (y >= 0)
        losses[strength] = log_loss(margins[judged], y[judged]) if judged.any() else np.inf
    return min(STRENGTHS, key=lambda strength: (losses[strength], strength))
