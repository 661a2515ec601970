"""Linear models over hashed n-grams: logistic regression on columns scaled by how they tell the classes.

Each column is scaled by the root of the log ratio of its shares among positive and negative texts: a gentler
form of Wang & Manning ("Baselines and Bigrams", ACL 2012), which helps most with few labels. On public
comments the root did better than the ratio, and both better than no scale. The weights include the scales.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

MIN_CLASS = 5  # texts of each class that a model needs
SMOOTHING = 1.0  # of the shares: texts added to each class
MAX_STEPS = 200  # a solver that is stopped early is judged by its loss on later texts like any other
SEED = 7  # the order in which the solver visits rows


@dataclass(frozen=True)
class Linear:
    """Weights float64[columns], of float32 precision, and the intercept."""

    weights: NDArray[np.float64]
    intercept: float

    def margins(self, rows: csr_matrix) -> NDArray[np.float64]:
        """Log-odds float64[n], of float32 precision."""
        margins: NDArray[np.float64] = rows @ self.weights + self.intercept
        return margins.astype(np.float32).astype(np.float64)


def can_fit(y: NDArray) -> bool:
    """Whether there are enough texts of both classes. `y`: 1 positive, 0 negative."""
    return min(int((y == 1).sum()), int((y == 0).sum())) >= MIN_CLASS


def fit_linear(rows: csr_matrix, y: NDArray, *, strength: float, weights: NDArray | None = None) -> Linear:
    """Fit on rows [n, columns]; both classes count the same. `strength`: scikit-learn's C.

    The same input gives the same bits.
    """
    used = np.unique(rows.indices)  # of 2**18 columns few occur
    own = rows[:, used]
    scales = np.sqrt(np.abs(log_count_ratios(own, y)))
    scaled = csr_matrix((own.data * scales[own.indices], own.indices, own.indptr), shape=own.shape)
    solver = LogisticRegression(
        C=strength,
        class_weight="balanced",
        solver="liblinear",
        dual=True,
        max_iter=MAX_STEPS,
        random_state=SEED,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # MAX_STEPS is a bound on purpose
        solver.fit(scaled, y, sample_weight=weights)
    found = np.zeros(rows.shape[1])
    found[used] = np.float32(solver.coef_[0] * scales)
    return Linear(found, float(np.float32(solver.intercept_[0])))


def log_count_ratios(rows: csr_matrix, y: NDArray) -> NDArray[np.float64]:
    """float64[columns]: log of each column's share of positive texts over that of negative ones."""
    occurs = csr_matrix((np.ones_like(rows.data), rows.indices, rows.indptr), shape=rows.shape)
    positive, negative = y == 1, y == 0
    shares = [
        (np.asarray(occurs[chosen].sum(axis=0)).ravel() + SMOOTHING) / (chosen.sum() + 2 * SMOOTHING)
        for chosen in (positive, negative)
    ]
    return np.log(shares[0] / shares[1])


def log_loss(margins: NDArray, y: NDArray) -> float:
    """Mean log loss with both classes counting the same."""
    losses = np.logaddexp(0.0, np.where(y == 1, -margins, margins))
    return float(sum(losses[y == label].mean() for label in (0, 1) if (y == label).any()))
