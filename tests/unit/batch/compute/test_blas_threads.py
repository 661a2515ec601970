"""BLAS keeps to one thread until the last of those that compute under the limit has left."""

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from scoring.batch.compute.blas_threads import one_blas_thread


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    assert np.eye(2).sum() == 2  # NumPy has loaded BLAS
    with threadpool_limits(2, user_api="blas"):
        yield


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_the_limit_ends_with_its_last_user() -> None:
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    assert threads() == {1}
    first.__exit__(None, None, None)  # as another thread may, while this one computes
    assert threads() == {1}
    second.__exit__(None, None, None)
    assert threads() == {2}


def test_the_limit_ends_with_an_error() -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert threads() == {2}
