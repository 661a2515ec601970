from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from scoring.learning.dataset.split import TimeSlices
from scoring.learning.training.cross_fitting import (
    BLOCKS,
    ENOUGH_NEGATIVES,
    cross_fitted_margins,
    judge_earlier,
)
from scoring.learning.training.growing import grow_rows
from scoring.learning.training.recipe import TrainingConfig
from scoring.registry.calibration import Calibration
from tests.unit.learning.made_up import training_set

CONFIG = TrainingConfig(trees=5, depth=2, threads=1)
UNCHANGED = Calibration(slope=1.0, intercept=0.0)


def growing(data):
    return partial(grow_rows, data, rounds=5, config=CONFIG)


def slices_of(rows: int, *, calibration: int) -> TimeSlices:
    every, none = np.arange(rows), np.empty(0, dtype=np.intp)
    return TimeSlices(every[:-calibration], none, none, every[-calibration:], none)


def test_every_row_is_scored_once_by_trees_that_have_not_seen_it():
    data = training_set(rows=500, rate=0.3)
    seen = []

    def grow_on(rows):
        seen.append(set(rows.tolist()))
        return growing(data)(rows)

    rows = np.arange(100, 500)
    margins = cross_fitted_margins(data, rows, grow_on=grow_on)
    assert len(seen) == BLOCKS
    assert not np.isnan(margins).any()
    assert all(sum(row not in others for others in seen) == 1 for row in rows.tolist())


def test_rows_are_not_scored_by_trees_of_one_class():
    data = training_set(rows=100, rate=0.3)
    only_newest = replace(data, y=np.repeat(np.array([0, 1], dtype=np.int8), [80, 20]))
    margins = cross_fitted_margins(only_newest, np.arange(100), grow_on=growing(only_newest))
    assert np.isnan(margins[80:]).all()
    assert not np.isnan(margins[:80]).any()


@pytest.mark.parametrize(("negatives", "judged"), [(ENOUGH_NEGATIVES, False), (ENOUGH_NEGATIVES - 1, True)])
def test_earlier_rows_are_judged_while_the_newest_have_few_negatives(negatives, judged):
    data = training_set(rows=negatives + 300, rate=0.3)
    data.y[300:] = 0
    found = judge_earlier(
        data, slices_of(len(data.y), calibration=negatives), UNCHANGED, grow_on=growing(data)
    )
    assert (found is not None) == judged
    if found is not None:
        assert found.y.tolist() == data.y[:300].tolist()
        assert ((found.score > 0) & (found.score < 1)).all()
