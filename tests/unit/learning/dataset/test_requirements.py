"""Every advice of a refusal is tried here as its reader would."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from scoring.learning.dataset.outliers import find_outliers
from scoring.learning.dataset.requirements import (
    Remedies,
    TrainingWindow,
    describe_positives,
    describe_stretch,
    newest_insufficient_slice,
    require_history,
    require_positives,
)
from scoring.learning.dataset.split import DAY_US, MinPositives, SplitShares, TimeSlices, split_by_time
from scoring.learning.dataset.training_set import LabelHistory
from scoring.learning.errors import NotEnoughHistory, NotEnoughPositives
from scoring.timestamps import from_micros, to_micros
from tests.unit.learning.made_up import training_set

START = datetime(2025, 1, 1, tzinfo=UTC)
AS_OF = START + timedelta(days=300)
DAYS = 200
NEEDS = MinPositives(train=20, held_out=5)


def hourly(*, positive_days=(), days=DAYS):
    """(times, labels): an event an hour; twelve positives on each of these days, known the same day."""
    times = to_micros(START) + np.arange(days * 24, dtype=np.int64) * 3_600_000_000
    rows = np.array([day * 24 + hour for day in positive_days for hour in range(0, 24, 2)], dtype=np.int64)
    effective = np.ones(len(rows), dtype=np.int8)
    return times, LabelHistory(rows=rows, known_at=times[rows] + 3_600_000_000, effective=effective)


def remedies(times, labels):
    return Remedies(times, labels, SplitShares(), NEEDS)


def window(*, as_of=AS_OF, days=14.0, since=None):
    return TrainingWindow(as_of=as_of, matures_after=timedelta(days=days), since=since)


def test_a_window_with_positives_everywhere_works():
    assert remedies(*hourly(positive_days=range(0, DAYS, 10))).is_enough(window())


def test_where_labels_begin_late_a_later_start_is_advised_and_works():
    tried = remedies(*hourly(positive_days=range(150, DAYS, 3)))
    assert not tried.is_enough(window())
    advice = tried.advice(window())
    since = datetime.fromisoformat(re.search(r"--since (\S+?)\)", advice)[1]).replace(tzinfo=UTC)
    assert tried.is_enough(window(since=since))
    assert f"exclude events before {since:%Y-%m-%d}" in advice


def test_where_labels_end_an_earlier_cut_off_is_advised_and_works():
    tried = remedies(*hourly(positive_days=range(0, 60, 3)))
    assert not tried.is_enough(window())
    as_of = re.search(r"--as-of (\S+?)\)", tried.advice(window()))[1]
    as_of = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    assert tried.is_enough(window(as_of=as_of))
    # The latest of them: three tenths of 79 days reach back to the last labels, and events mature in 14 days.
    assert as_of == START + timedelta(days=79 + 14)


def test_where_events_are_too_young_a_shorter_maturity_and_waiting_are_advised_and_work():
    times, labels = hourly(positive_days=range(0, 30, 2), days=30)
    tried, now = remedies(times, labels), START + timedelta(days=32)
    assert not tried.is_enough(window(as_of=now, days=45))
    advice = tried.advice(window(as_of=now, days=45))
    days = float(re.search(r"--matures-after (\S+?)\)", advice)[1])
    assert tried.is_enough(window(as_of=now, days=days))
    until = datetime.fromisoformat(re.search(r"wait until (\S+?),", advice)[1]).replace(tzinfo=UTC)
    assert tried.is_enough(window(as_of=until + timedelta(days=1), days=45))


def test_where_labels_come_late_a_longer_maturity_is_advised_and_works():
    times, labels = hourly(positive_days=range(0, DAYS, 10))
    late = LabelHistory(labels.rows, labels.known_at + 80 * 86_400_000_000, labels.effective)
    tried, now = remedies(times, late), START + timedelta(days=DAYS)
    assert not tried.is_enough(window(as_of=now, days=0))
    days = float(
        re.search(r"labels to arrive \(--matures-after (\S+?)\)", tried.advice(window(as_of=now, days=0)))[1]
    )
    assert tried.is_enough(window(as_of=now, days=days))


def test_if_no_window_helps_the_needed_number_of_positives_is_given():
    advice = remedies(*hourly(positive_days=[3, 90])).advice(window())
    assert advice.startswith(
        "Training needs at least 35 positives in total, and 24 are mature so far: record more labels"
    )


def test_too_few_distinct_times_are_distinguished_from_missing_labels():
    times = np.repeat(to_micros(START) + np.arange(3, dtype=np.int64) * 86_400_000_000, 100)
    rows = np.arange(0, 300, 2)
    labels = LabelHistory(rows=rows, known_at=times[rows], effective=np.ones(150, dtype=np.int8))
    assert "only 3 distinct times" in remedies(times, labels).advice(window())


def test_an_outlier_in_time_does_not_spoil_a_window():
    times, labels = hourly(positive_days=range(0, DAYS, 10))
    assert remedies(np.append(times, 10_000_000), labels).is_enough(window())


def test_a_refusal_names_the_stretch_and_the_sparse_ends_of_the_positives():
    """Sixty positives in ten days of May, and one each at the beginning and at the end."""
    data = training_set(rows=2_400, days=DAYS)
    times = to_micros(START) + np.arange(2_400, dtype=np.int64) * 7_200_000_000
    y = np.zeros(2_400, dtype=np.int8)
    y[[0, *range(1_440, 1_560, 2), 2_399]] = 1
    made = replace(data, occurred_at=times, y=y)
    slices = split_by_time(occurred_at=times, y=y, shares=SplitShares(), needs=NEEDS)
    with pytest.raises(NotEnoughPositives) as refused:
        require_positives(made, slices, NEEDS, with_test=True)
    assert (refused.value.slice_name, refused.value.found, refused.value.needed) == ("test", 1, 5)
    first, last = (from_micros(int(times[slices.test][place])) for place in (0, -1))
    assert f"({len(slices.test)} events, {first:%Y-%m-%d} to {last:%Y-%m-%d})" in str(refused.value)
    assert "All 62 mature positives are from 2025-01-01 to 2025-07-19, 80 % of them from 2025-05-" in str(
        refused.value
    )


def test_hours_of_data_are_refused_with_their_time_span():
    data = training_set(rows=500, days=1)
    kept, _ = find_outliers(data.occurred_at)
    with pytest.raises(NotEnoughHistory) as refused:
        require_history(data.take(np.flatnonzero(kept)[:100]))
    assert str(refused.value) == (
        "payment: the 100 mature events span 0.2 days; training needs at least 1 day of mature events."
    )
    with pytest.raises(NotEnoughHistory, match="no event is mature"):
        require_history(data.take(np.array([], dtype=int)))


def test_a_stretch_without_events_says_so():
    assert describe_stretch(np.array([], dtype=np.int64)) == "no events"


def test_waiting_is_advised_with_the_number_of_events_that_will_be_mature_then():
    """What matures this very moment is mature: the 527 events after the eighth midnight are not."""
    times, labels = hourly(positive_days=range(8, 30), days=30)
    now = START + timedelta(days=32)
    advice = remedies(times, labels).advice(window(as_of=now, days=24))
    assert "wait until 2025-02-23, when the 527 immature events will be mature" in advice


def test_waiting_is_not_advised_where_it_would_not_help():
    times, labels = hourly(positive_days=[3], days=30)
    assert "wait" not in remedies(times, labels).advice(window(as_of=START + timedelta(days=32)))


def test_without_events_the_advice_gives_the_needed_positives():
    times, labels = hourly(days=0)
    assert (
        remedies(times, labels)
        .advice(window())
        .startswith("Training needs at least 35 positives in total, and 0")
    )


def test_a_separate_test_period_requires_no_test_positives_in_the_data():
    def without_test(*positive_days):
        times, labels = hourly(positive_days=positive_days)
        return Remedies(times, labels, SplitShares().without_test(), NEEDS)

    assert without_test(*range(0, DAYS, 10)).is_enough(window())
    assert (
        without_test(3, 90)
        .advice(window())
        .startswith("Training needs at least 30 positives in total, and 24")
    )


def test_positives_enough_in_number_but_of_one_moment_are_to_be_spread():
    """No window parts what happened at once; 34 of them would be too few in the first place."""
    times, _ = hourly()
    for count, said in (
        (35, "Record labels for that slice's events"),
        (34, "Training needs at least 35 positives"),
    ):
        at_once = np.append(times, np.full(count, times[90 * 24]))
        rows = np.arange(len(times), len(at_once))
        labels = LabelHistory(rows=rows, known_at=at_once[rows], effective=np.ones(count, dtype=np.int8))
        assert remedies(at_once, labels).advice(window()).startswith(said)


def test_four_different_times_are_enough_to_be_cut():
    times = np.repeat(to_micros(START) + np.arange(4, dtype=np.int64) * DAY_US, 100)
    labels = LabelHistory(rows=np.array([0]), known_at=times[:1], effective=np.ones(1, dtype=np.int8))
    assert remedies(times, labels).advice(window()).startswith("Training needs at least 35 positives")


@pytest.mark.parametrize(
    ("changes", "matured"),
    [
        ({"as_of": START + timedelta(days=104)}, 13),  # the first event of day 90 has matured this moment
        ({"as_of": START + timedelta(days=104) - timedelta(microseconds=1)}, 12),
        ({"since": START + timedelta(days=3)}, 24),
        ({"since": START + timedelta(days=3, microseconds=1)}, 23),
    ],
)
def test_a_window_includes_events_on_its_edges(changes, matured):
    advice = remedies(*hourly(positive_days=[3, 90])).advice(window(**changes))
    assert f"in total, and {matured} are mature so far" in advice


def test_exactly_a_day_of_events_can_be_cut():
    times = to_micros(START) + np.arange(25, dtype=np.int64) * DAY_US // 24
    labels = LabelHistory(rows=np.arange(25), known_at=times, effective=np.ones(25, dtype=np.int8))
    data = training_set(rows=25)
    for events, enough in ((times, True), (np.append(times[:-1], times[-1] - 1), False)):
        tried = Remedies(events, labels, SplitShares(), MinPositives(train=1, held_out=1))
        assert tried.is_enough(window()) is enough
        made = replace(data, occurred_at=events)
        if enough:
            require_history(made)
        else:
            with pytest.raises(NotEnoughHistory):
                require_history(made)


@pytest.mark.parametrize(
    ("positives", "with_test", "expected"),
    [
        ((20, 5, 5, 5), True, None),
        ((20, 5, 5, 4), True, "test"),
        ((20, 5, 5, 0), False, None),
        ((20, 5, 4, 4), True, "test"),
        ((20, 4, 4, 5), True, "calibration"),
        ((19, 4, 5, 5), True, "validation"),
        ((19, 5, 5, 5), True, "train"),
    ],
)
def test_the_newest_slice_that_lacks_positives_is_the_one_refused(positives, with_test, expected):
    y = np.repeat([1, 0] * 4, [part for found in positives for part in (found, 30 - found)])
    train, validation, calibration, test = np.arange(120).reshape(4, 30)
    slices = TimeSlices(train, np.array([], dtype=int), validation, calibration, test)
    assert newest_insufficient_slice(y, slices, NEEDS, with_test=with_test) == expected
    if expected:
        made = replace(training_set(rows=120), y=y)
        with pytest.raises(NotEnoughPositives) as refused:
            require_positives(made, slices, NEEDS, with_test=with_test)
        needed = 20 if expected == "train" else 5
        assert (refused.value.slice_name, refused.value.needed) == (expected, needed)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([], "No mature event is labeled positive."),
        ([5] * 30, "All 30 mature positives are from 2025-01-06."),
        (range(20), "All 20 mature positives are from 2025-01-01 to 2025-01-20."),
        (
            [0, 1, *range(100, 116), 198, 199],
            "All 20 mature positives are from 2025-01-01 to 2025-07-19,"
            " 80 % of them from 2025-04-11 to 2025-04-26.",
        ),
    ],
)
def test_the_middle_80_percent_of_positives_is_given_if_the_others_are_far_away(days, said):
    assert describe_positives(to_micros(START) + np.array(list(days), dtype=np.int64) * DAY_US) == said
