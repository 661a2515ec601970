"""Leading eigenvectors are those of SciPy, to the bit."""

import numpy as np
import pytest
from scipy.linalg import LinAlgError, eigh

from scoring.batch.compute.eigenvectors import leading_eigenvectors


@pytest.mark.parametrize(("size", "wanted"), [(1, 1), (4, 4), (90, 16), (300, 5)])
def test_they_have_the_bits_of_scipys(size: int, wanted: int) -> None:
    random = np.random.default_rng(size).normal(size=(size, size))
    lower = np.tril(random @ random.T)
    published = eigh(lower, lower=True, subset_by_index=(size - wanted, size - 1))[1]
    assert leading_eigenvectors(lower, wanted).tobytes() == published.tobytes()


def test_the_matrix_stays_as_it_was() -> None:
    lower = np.tril(np.arange(9.0).reshape(3, 3))
    before = lower.copy()
    leading_eigenvectors(lower, 2)
    assert lower.tobytes() == before.tobytes()


def test_more_eigenvectors_than_columns_are_refused() -> None:
    with pytest.raises(LinAlgError, match="dsyevr stopped with -9 on a matrix of 3 columns"):
        leading_eigenvectors(np.eye(3), 4)
