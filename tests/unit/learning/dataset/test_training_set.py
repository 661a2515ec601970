from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from scoring.learning.dataset.selection import SelectionHistory, UnknownBlocks
from scoring.learning.dataset.training_set import (
    NO_TIME,
    LabelHistory,
    VectorTable,
    VersionPeriods,
    join_labels,
    select_rows,
)
from scoring.learning.leakage.times import check_times
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
    return LabelHistory(
        rows=np.array([row for row, _, _ in said], dtype=np.int64),
        known_at=np.array([to_micros(START + day * DAY) for _, day, _ in said], dtype=np.int64),
        effective=np.array([value for _, _, value in said], dtype=np.int8),
    )


def decisions(*made):
    """(row, day, blocked, weight)"""
    return SelectionHistory(
        rows=np.array([row for row, *_ in made], dtype=np.int64),
        decided_at=np.array([to_micros(START + day * DAY) for _, day, *_ in made], dtype=np.int64),
        blocked=np.array([blocked for _, _, blocked, _ in made], dtype=bool),
        weights=np.array([weight for *_, weight in made], dtype=np.float64),
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


def test_the_last_label_before_the_cut_off_applies():
    joined = join([0, 0, 0], [(0, 10, 1), (0, 20, 0), (1, 10, 1), (1, 20, -1), (2, 10, 0), (2, 70, 1)])
    assert joined.y.tolist() == [0, 0, 0]
    assert joined.inferred.tolist() == [False, True, False]


def test_mature_and_unlabeled_is_a_negative_marked_as_inferred():
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


def test_a_correction_is_valid_from_its_time_on_and_the_original_until_then():
    """Row 1 corrects row 0 on day 5; row 2 is retracted on day 9; row 3 stays as it was."""
    day = [to_micros(START + number * DAY) for number in range(20)]
    periods = VersionPeriods(
        rows=np.array([0, 1, 2]),
        events=np.array([100, 100, 102]),
        since=np.array([day[0], day[5], day[0]]),
        until=np.array([day[5], day[19], day[9]]),
    )
    table = replace(vectors([0, 0, 0, 0]), periods=periods)
    moment = timedelta(microseconds=1)
    assert table.held_at(START + 5 * DAY - moment).tolist() == [True, False, True, True]
    assert table.held_at(START + 5 * DAY).tolist() == [False, True, True, True]
    assert table.held_at(START + 9 * DAY - moment).tolist() == [False, True, True, True]
    assert table.held_at(START + 9 * DAY).tolist() == [False, True, False, True]
    assert table.events.tolist() == [100, 100, 102, 103]


def test_an_event_first_occurred_at_the_earliest_time_of_its_versions():
    """Row 1 corrects row 0, row 3 corrects row 2, and each states another time."""
    rows, events = np.arange(4), np.array([100, 100, 102, 102])
    periods = VersionPeriods(rows=rows, events=events, since=rows, until=rows)
    table = replace(vectors([5, 4, 1, 3, 2]), periods=periods)
    days = (table.first_occurred_at - to_micros(START)) // 86_400_000_000
    assert days.tolist() == [4, 4, 1, 1, 2]
    assert vectors([5, 4]).first_occurred_at.tolist() == vectors([5, 4]).occurred_at.tolist()


def test_an_event_corrected_after_its_label_is_learned_from_as_it_was_before():
    """Row 1 corrects row 0 on day 5; the event is labeled on day 4, 5 or 6, or is retracted on day 9."""
    day = [to_micros(START + number * DAY) for number in range(40)]
    periods = VersionPeriods(
        rows=np.array([0, 1]),
        events=np.array([100, 100]),
        since=np.array([0, day[5]]),
        until=np.array([day[5], day[39]]),
    )
    table = replace(vectors([0, 0, 0]), periods=periods)

    def learned(said, periods=periods):
        joined = join_labels(
            vectors=replace(table, periods=periods),
            labels=labels(*((row, at, 1) for row in (0, 1) for at in said)),
            as_of=START + 20 * DAY,
            matures_after=DAY,
        )
        check_times(joined)
        return joined.positions.tolist()

    assert learned([]) == [101, 102]
    assert learned([4]) == [100, 102]
    assert learned([5]) == [101, 102]
    assert learned([6]) == [101, 102]
    assert learned([4, 6]) == [100, 102]
    assert learned([30]) == [101, 102]  # not known yet
    assert learned([4], replace(periods, until=np.array([day[5], day[9]]))) == [102]


def test_the_times_of_features_and_labels_stay_with_their_rows():
    joined = join([0, 1, 2], [(1, 10, 0), (1, 20, 1), (2, 61, 1)])
    assert joined.times.read_at.tolist() == joined.occurred_at.tolist()
    ten, twenty = (to_micros(START + days * DAY) for days in (10, 20))
    assert joined.times.first_labeled_at.tolist() == [NO_TIME, ten, NO_TIME]
    assert joined.times.labeled_at.tolist() == [NO_TIME, twenty, NO_TIME]
    taken = joined.take(np.array([1]))
    assert (taken.times.first_labeled_at.tolist(), taken.times.labeled_at.tolist()) == ([ten], [twenty])


def test_rows_that_follow_one_another_are_not_copied_and_others_keep_their_order():
    X = np.arange(12, dtype=np.float32).reshape(6, 2)
    for rows, copied in (([1, 2, 3], False), ([5], False), ([1, 3], True), ([3, 2], True), ([], True)):
        chosen = select_rows(X, np.array(rows, dtype=int))
        np.testing.assert_array_equal(chosen, X[np.array(rows, dtype=int)])
        assert np.shares_memory(chosen, X) is not copied
    everything = join([0, 1, 2], [])
    assert everything.take(np.arange(3)) is everything
    assert everything.take(np.array([2, 1, 0])).positions.tolist() == [102, 101, 100]


def test_a_blocked_event_without_a_label_is_unknown_and_not_an_inferred_negative():
    selection = decisions((1, 0, True, 1), (2, 0, True, 1))
    joined = join([0, 0, 0], [(2, 10, 1)], selection=selection)
    assert joined.positions.tolist() == [100, 102]
    assert (joined.y.tolist(), joined.inferred.tolist()) == ([0, 1], [True, False])
    assert joined.unknown.X[:, 0].tolist() == [1.0]
    assert joined.weights is None


def test_an_explored_event_counts_for_those_it_stands_for_with_its_label_or_without():
    selection = decisions((0, 0, False, 20), (1, 0, False, 20))
    joined = join([0, 0, 0], [(0, 10, 1)], selection=selection)
    assert (joined.y.tolist(), joined.inferred.tolist()) == ([1, 0, 0], [False, True, True])
    assert (joined.weights.tolist(), joined.explored) == ([20, 20, 1], 2)


def test_an_explored_event_counts_at_most_a_hundred_times():
    joined = join(
        [0, 0, 0], [], selection=decisions((0, 0, False, 100), (1, 0, False, 2_000), (2, 0, False, 7))
    )
    assert (joined.weights.tolist(), joined.clipped) == ([100, 100, 7], 1)


def test_the_last_decision_by_the_cut_off_counts():
    """Row 0 is blocked only later; row 1 was let through in the end; row 2 was blocked in the end."""
    selection = decisions((0, 0, False, 1), (0, 61, True, 1), (1, 0, True, 1), (1, 1, False, 1),
                          (2, 0, False, 50), (2, 1, True, 1))  # fmt: skip
    joined = join([0, 0, 0], [], selection=selection)
    assert joined.positions.tolist() == [100, 101]
    assert joined.weights is None


def test_without_blocks_and_exploration_nothing_changes():
    said = [(0, 5, 1)]
    before, after = join([0, 1], said), join([0, 1], said, selection=SelectionHistory())
    assert (after.weights, after.unknown, after.explored) == (None, None, 0)
    assert after.X.base is not None  # still a view: X may take most of the memory
    assert after.y.tolist() == before.y.tolist()


def test_an_immature_block_is_not_counted_as_unknown():
    assert join([31], [], selection=decisions((0, 31, True, 1))).unknown is None


def test_taking_rows_keeps_their_weights_and_the_unknown_blocks_of_their_time():
    selection = decisions((0, 0, False, 20), (1, 0, True, 1), (3, 0, True, 1))
    joined = join([0, 1, 2, 3, 4], [], selection=selection)
    first, last = joined.take(np.array([0, 1])), joined.take(np.array([2]))
    assert first.weights.tolist() == [20, 1]
    assert first.unknown.X[:, 0].tolist() == [1.0]
    assert (last.weights, last.unknown) == (None, None)


def test_a_decision_exactly_at_the_cut_off_counts():
    later = 1 / 86_400_000_000
    selection = decisions((0, 60, True, 1), (1, 60 + later, True, 1))
    assert join([0, 0], [], selection=selection).positions.tolist() == [101]


def test_unknown_blocks_at_the_edges_of_a_time_belong_to_it():
    unknown = UnknownBlocks(np.arange(5, dtype=np.float32)[:, None], np.array([1, 2, 3, 4, 5]))
    during = unknown.during(np.array([4, 2, 3]))
    assert (during.X[:, 0].tolist(), during.occurred_at.tolist()) == ([1, 2, 3], [2, 3, 4])
    none = unknown.during(np.array([], dtype=np.int64))
    assert (none.X.shape, none.occurred_at.tolist()) == ((0, 1), [])
