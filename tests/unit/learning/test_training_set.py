from datetime import UTC, datetime, timedelta

import numpy as np

from scoring.learning.training_set import LabelTable, VectorTable, join_labels
from scoring.timestamps import to_micros

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def vectors(days):
    n = len(days)
    return VectorTable(
        event_type="payment",
        feature_names=("a",),
        feature_set="f",
        X=np.arange(n, dtype=np.float32)[:, None],
        occurred_at=np.array([to_micros(START + day * DAY) for day in days]),
        positions=np.arange(n) + 100,
        groups=np.zeros(n, dtype=np.int64),
        vocabularies={},
    )


def labels(*said):
    """(row, day it became known, 1 | 0 | -1)"""
    return LabelTable(
        rows=np.array([row for row, _, _ in said], dtype=np.int64),
        known_at=np.array([to_micros(START + day * DAY) for _, day, _ in said], dtype=np.int64),
        effective=np.array([value for _, _, value in said], dtype=np.int8),
    )


def join(days, said, *, as_of=60, matures=30, **bounds):
    return join_labels(
        vectors=vectors(days),
        labels=labels(*said),
        as_of=START + as_of * DAY,
        matures_after=matures * DAY,
        **bounds,
    )


def test_a_label_known_after_the_cut_off_does_not_exist_yet():
    joined = join([0, 0], [(0, 59, 1), (1, 61, 1)])
    assert joined.y.tolist() == [1, 0]
    assert joined.inferred.tolist() == [False, True]


def test_an_immature_event_stays_out_whichever_its_label():
    joined = join([29, 30, 31, 45], [(2, 40, 1), (3, 50, 0)])
    assert joined.positions.tolist() == [100, 101]


def test_the_last_thing_said_before_the_cut_off_holds():
    joined = join([0, 0, 0], [(0, 10, 1), (0, 20, 0), (1, 10, 1), (1, 20, -1), (2, 10, 0), (2, 70, 1)])
    assert joined.y.tolist() == [0, 0, 0]
    assert joined.inferred.tolist() == [False, True, False]


def test_mature_and_unlabelled_is_a_negative_marked_as_inferred():
    joined = join([0, 0], [(0, 5, 0)])
    assert joined.y.tolist() == [0, 0]
    assert joined.inferred.tolist() == [False, True]


def test_bounds_take_events_from_since_up_to_but_without_until():
    joined = join([0, 1, 2, 3], [], since=START + 1 * DAY, until=START + 3 * DAY)
    assert joined.positions.tolist() == [101, 102]


def test_taking_rows_keeps_every_column_together():
    taken = join([0, 1, 2], [(2, 5, 1)]).take(np.array([2, 0]))
    assert (taken.y.tolist(), taken.positions.tolist(), taken.X[:, 0].tolist()) == (
        [1, 0],
        [102, 100],
        [2.0, 0.0],
    )


def test_moments_on_the_edge_count_to_the_microsecond():
    """What matures or becomes known exactly at the cut-off counts; a microsecond later it does not."""
    later = 1 / 86_400_000_000
    assert join([30, 30 + later], []).positions.tolist() == [100]
    joined = join([0, 0], [(0, 60, 1), (1, 60 + later, 1)])
    assert joined.y.tolist() == [1, 0]


def test_frauds_that_are_not_mature_are_not_in_the_share_of_positives():
    """Frauds become known first: counting those of the last weeks would make every week look worse."""
    days = [*range(30), *range(31, 60)]
    joined = join(days, [(row, 59, 1) for row in range(30, 59)] + [(3, 20, 1)])
    assert joined.y.mean() == 1 / 30


def test_a_maturity_of_zero_takes_every_event_up_to_the_cut_off():
    assert len(join([0, 30, 60], [], matures=0).y) == 3
