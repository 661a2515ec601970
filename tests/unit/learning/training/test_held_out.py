"""The sample of held-out events that is stored with a model."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.learning.training import held_out
from scoring.learning.training.held_out import describe_held_out, sample_rows
from tests.unit.learning.made_up import training_set


def test_few_events_are_all_kept() -> None:
    rows, weights = sample_rows(np.array([0, 1, 0], dtype=np.int8), np.array([0.1, 0.9, 0.2]))
    assert (rows.tolist(), weights.tolist()) == ([0, 1, 2], [1.0, 1.0, 1.0])


def test_many_events_are_sampled_except_those_with_high_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in (("MAX_POSITIVES", 50), ("MAX_HIGHEST", 100), ("MAX_OTHERS", 200)):
        monkeypatch.setattr(held_out, name, limit)
    score = np.linspace(0, 1, 10_000)
    y = np.zeros(10_000, dtype=np.int8)
    y[::100] = 1
    rows, weights = sample_rows(y, score)
    assert len(rows) == 350
    assert weights.sum() == np.float64(10_000)
    assert weights[y[rows] == 1].tolist() == [2.0] * 50
    highest = rows[(y[rows] == 0) & (weights == 1.0)]
    assert sorted(score[highest])[0] > np.sort(score[y == 0])[-101]
    again, _ = sample_rows(y, score)
    assert again.tolist() == rows.tolist()


def test_without_positives_there_is_still_a_sample() -> None:
    rows, weights = sample_rows(np.zeros(4, dtype=np.int8), np.arange(4.0))
    assert (len(rows), weights.sum()) == (4, 4.0)


def test_an_explored_event_stands_for_the_blocks_that_were_not_explored() -> None:
    data = replace(training_set(rows=20), weights=np.where(np.arange(20) == 3, 50.0, 1.0))
    sample = describe_held_out(data, np.linspace(0, 1, 20), days=2.0)
    assert sample["weights"] == [50.0 if row == 3 else 1.0 for row in range(20)]
