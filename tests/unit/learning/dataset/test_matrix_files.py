"""Matrices in files are the matrices that were written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.learning.dataset import matrix_files
from scoring.learning.dataset.matrix_files import MatrixFile, copy_rows, is_on_disk
from scoring.learning.dataset.training_set import select_rows
from tests.unit.learning.made_up import training_set

X = training_set(rows=500).X


@pytest.fixture(autouse=True)
def directory(settings, tmp_path) -> Path:
    settings.TRAINING_DIR = str(tmp_path)
    return tmp_path


@pytest.fixture
def written() -> np.ndarray:
    file = MatrixFile(X.shape[1])
    for start in range(0, 500, 120):
        file.add(X[start : start + 120].astype(np.float64))
    return file.all()


def test_a_matrix_grows_by_rows_in_a_file_without_a_name(written, directory):
    assert is_on_disk(written)
    assert not is_on_disk(X)
    assert (written.dtype, written.tobytes()) == (np.float32, X.tobytes())
    assert list(directory.iterdir()) == []


def test_its_values_may_be_changed(written):
    written[3, 2] = 7.0
    assert written[3, 2] == 7.0


def test_a_matrix_without_rows_is_empty():
    assert MatrixFile(5).all().shape == (0, 5)


def test_rows_are_copied_into_a_file_a_part_at_a_time(written, monkeypatch):
    monkeypatch.setattr(matrix_files, "ROWS_A_COPY", 7)
    rows = np.arange(0, 500, 3)
    copied = copy_rows(written, rows)
    assert is_on_disk(copied)
    assert copied.tobytes() == X[rows].tobytes()


def test_rows_of_a_training_set_stay_on_disk(written):
    data = replace(training_set(rows=500), X=written)
    rows = np.flatnonzero(np.arange(500) % 5)
    for taken in (data.take(rows).X, select_rows(written, rows), select_rows(written, rows[:4])):
        assert is_on_disk(taken)
    assert data.take(rows).X.tobytes() == X[rows].tobytes()
