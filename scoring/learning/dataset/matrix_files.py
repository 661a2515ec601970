"""Matrices of vectors that are too large for memory: files without a name, mapped into memory.

The operating system writes their pages back when memory is short. A file disappears with the last array that
maps it, also if the process is killed.
"""

from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

ROWS_A_COPY = 65_536

Matrix = NDArray[np.float32]


class MatrixFile:
    """A float32 matrix [n, columns] that grows by rows."""

    def __init__(self, columns: int) -> None:
        Path(settings.TRAINING_DIR).mkdir(parents=True, exist_ok=True)
        self._file = TemporaryFile(dir=settings.TRAINING_DIR)  # noqa: SIM115 -- closed by `all`
        self._columns, self._count = columns, 0

    def add(self, rows: NDArray) -> None:
        self._file.write(np.ascontiguousarray(rows, dtype=np.float32).tobytes())
        self._count += len(rows)

    def all(self) -> Matrix:
        """The matrix, which may be written to. Nothing can be added afterwards."""
        shape = (self._count, self._columns)
        with self._file:
            self._file.flush()
            return np.memmap(self._file, np.float32, "r+", shape=shape) if all(shape) else _empty(shape)


def copy_rows(X: Matrix, rows: NDArray) -> Matrix:
    """These rows of a matrix, in a file of their own."""
    copied = MatrixFile(X.shape[1])
    for start in range(0, len(rows), ROWS_A_COPY):
        copied.add(X[rows[start : start + ROWS_A_COPY]])
    return copied.all()


def is_on_disk(X: NDArray) -> bool:
    """Whether a matrix is a mapped file."""
    return isinstance(X, np.memmap)


def _empty(shape: tuple[int, int]) -> Matrix:
    return np.empty(shape, dtype=np.float32)
