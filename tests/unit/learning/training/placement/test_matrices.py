"""Trees from bins on disk are those from bins in memory."""

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.explain.prediction import predict_margin
from scoring.learning.dataset.matrix_files import MatrixFile, is_on_disk
from scoring.learning.metrics.quality import average_precision
from scoring.learning.training.fit import train_model
from scoring.learning.training.placement import matrices
from scoring.learning.training.recipe import DISK, DOWN_SAMPLING, Imbalance, TrainingConfig
from tests.unit.learning.made_up import training_set

IN_MEMORY = TrainingConfig(trees=12, depth=3, threads=1)
ON_DISK = replace(IN_MEMORY, placement=DISK)
PLAIN, WEIGHTED = (
    training_set(),
    replace(training_set(), weights=np.where(np.arange(6_000) % 9 == 0, 3.0, 1.0)),
)


@pytest.fixture(autouse=True)
def directory(settings, tmp_path) -> Path:
    settings.TRAINING_DIR = str(tmp_path / "training")
    return tmp_path / "training"


def on_disk(data):
    written = MatrixFile(data.X.shape[1])
    written.add(data.X)
    return replace(data, X=written.all())


@pytest.mark.parametrize("data", [PLAIN, WEIGHTED], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"features_left_out": ("noise",)},
        {"imbalance": Imbalance(DOWN_SAMPLING, negatives_per_positive=5.0)},
    ],
    ids=["default", "left out", "down-sampled"],
)
def test_a_model_from_disk_has_the_bytes_of_one_from_memory(data, changes):
    expected = train_model(data=data, config=replace(IN_MEMORY, **changes))
    found = train_model(data=on_disk(data), config=replace(ON_DISK, **changes))
    assert found.booster.save_raw("ubj") == expected.booster.save_raw("ubj")
    assert found.thresholds == expected.thresholds
    assert found.metrics == expected.metrics


def test_many_pages_give_as_good_a_model(monkeypatch):
    later = training_set(seed=1)
    quality = []
    for page in (matrices.BYTES_A_BATCH, 20 * 700):  # all rows, then 700 rows a page
        monkeypatch.setattr(matrices, "BYTES_A_BATCH", page)
        booster = train_model(data=PLAIN, config=replace(ON_DISK, trees=40)).booster
        quality.append(average_precision(later.y, predict_margin(booster, later.X)))
    assert quality[1] == pytest.approx(quality[0], abs=0.02)
    assert quality[1] > 3 * later.y.mean()


def test_bins_are_files_as_long_as_their_matrix_exists(directory):
    matrix = matrices.matrix_of(matrices.Rows(PLAIN.X, PLAIN.y), config=ON_DISK)
    assert sum(path.stat().st_size for path in directory.rglob("*.page")) >= PLAIN.X.size
    assert matrix.num_row() == len(PLAIN.y)
    del matrix
    gc.collect()
    assert list(directory.iterdir()) == []


def test_a_feature_that_is_left_out_stays_in_the_file():
    data = on_disk(PLAIN)
    train_model(data=data, config=replace(ON_DISK, trees=2, features_left_out=("noise",)))
    assert is_on_disk(data.X)
    assert data.X.tobytes() == PLAIN.X.tobytes()
