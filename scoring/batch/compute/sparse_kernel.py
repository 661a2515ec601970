"""The compiled products of a sparse matrix that embeddings take most of their time for."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@njit(cache=True, nogil=True)
def times_square(
    starts: NDArray[np.uint32], columns: NDArray[np.uint32], values: Matrix, x: Matrix
) -> Matrix:
    """A.T @ (A @ x), float64[columns], of a matrix A in CSR form, which is read once instead of twice.

    The same bits as scipy's two products: sums run in the same order.
    """
    product = np.zeros(x.size)
    for row in range(starts.size - 1):
        total = 0.0
        for at in range(starts[row], starts[row + 1]):
            total += values[at] * x[columns[at]]
        for at in range(starts[row], starts[row + 1]):
            product[columns[at]] += values[at] * total
    return product


@njit(cache=True, nogil=True)
def lower_square(
    starts: NDArray[np.uint32], columns: NDArray[np.uint32], values: Matrix, count: int
) -> Matrix:
    """A.T @ A, float64[count, count], 0 above the diagonal, of a matrix A of `count` columns in CSR form."""
    product = np.zeros((count, count))
    for row in range(starts.size - 1):
        for at in range(starts[row], starts[row + 1]):
            for other in range(starts[row], at + 1):
                first, second = columns[at], columns[other]
                product[max(first, second), min(first, second)] += values[at] * values[other]
    return product
