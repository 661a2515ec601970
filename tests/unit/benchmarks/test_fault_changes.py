"""What injected faults change about traffic: the payments of one sender in a span, and nothing else."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from benchmarks.faults import changes
from benchmarks.faults.changes import Span
from benchmarks.faults.injected import Change
from benchmarks.faults.traffic import NORTH, SOUTH, Traffic, draw_traffic

SINCE = datetime(2025, 6, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SPAN = Span(SINCE + DAY, SINCE + 2 * DAY)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return draw_traffic(since=SINCE, until=SINCE + 12 * DAY, rate=300)


def test_both_senders_have_payments_and_each_merchant_belongs_to_one(frame: pd.DataFrame) -> None:
    assert set(frame.source) == {NORTH, SOUTH}
    assert (frame.groupby("merchant").source.nunique() == 1).all()


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        (changes.leave_out_category, {"category"}),
        (changes.send_cents, {"amount"}),
        (changes.send_new_category, {"category"}),
        (changes.slip_time_zone, {"occurred_at"}),
        (changes.swap_ids, {"card", "customer"}),
    ],
)
def test_fields_change_for_one_sender_within_the_span(
    frame: pd.DataFrame, change: Change, columns: set[str]
) -> None:
    changed = change(frame, SPAN)
    differs = {name: ~_same(changed[name], frame[name]) for name in frame.columns}
    assert {name for name, rows in differs.items() if rows.any()} == columns
    inside = changes.affected(frame, SPAN)
    assert all(not differs[name][~inside].any() for name in columns)


def test_amounts_of_all_senders_double_by_the_end_of_the_span(frame: pd.DataFrame) -> None:
    ratio = changes.raise_amounts(frame, SPAN).amount / frame.amount
    inside = SPAN.covers(frame.sent_at)
    assert ratio[~inside].eq(1).all()
    assert ratio[inside].iloc[0] == pytest.approx(1, abs=0.05)
    assert ratio[inside].iloc[-1] == pytest.approx(2, abs=0.05)


def test_events_are_repeated_under_the_same_id(frame: pd.DataFrame) -> None:
    changed = changes.repeat_events(frame, SPAN)
    repeated = changed.id.value_counts()
    assert set(repeated[repeated == 2].index) == set(frame.id[changes.affected(frame, SPAN)])
    assert changed.sent_at.is_monotonic_increasing


def test_a_burst_is_five_times_the_payments_under_new_ids(frame: pd.DataFrame) -> None:
    changed = changes.send_burst(frame, SPAN)
    before, after = changes.affected(frame, SPAN).sum(), changes.affected(changed, SPAN).sum()
    assert 4 < after / before < 6
    assert changed.id.is_unique


def test_a_shifted_population_sends_as_many_events_and_the_same_fraud(frame: pd.DataFrame) -> None:
    changed = changes.shift_population(frame, SPAN)
    before, after = frame[SPAN.covers(frame.sent_at)], changed[SPAN.covers(changed.sent_at)]
    assert len(after) == pytest.approx(len(before), rel=0.15)
    assert after.fraud.sum() == before.fraud.sum()
    groceries = [(rows.category == "grocery").mean() for rows in (before, after)]
    assert groceries[1] < groceries[0] / 2


def test_a_changed_concept_leaves_fields_alone_and_labels_other_payments(frame: pd.DataFrame) -> None:
    span = Span(SINCE + DAY, SINCE + 10 * DAY)
    changed = changes.change_concept(frame, span)
    told = ["label", "label_known_at", "fraud"]
    pd.testing.assert_frame_equal(changed.drop(columns=told), frame.drop(columns=told))
    inside = span.covers(frame.sent_at)
    assert changed.fraud[inside].sum() == frame.fraud[inside].sum()
    assert not (changed.fraud & frame.fraud)[inside].any()
    labeled = inside & (changed.label == "fraud")
    assert (changed.label_known_at >= changed.occurred_at)[labeled].all()


def test_labels_take_twice_as_long(frame: pd.DataFrame) -> None:
    changed = changes.delay_labels(frame, SPAN)
    inside = SPAN.covers(frame.sent_at) & frame.label_known_at.notna()
    late = (changed.label_known_at - changed.occurred_at)[inside]
    assert (late == 2 * (frame.label_known_at - frame.occurred_at)[inside]).all()


def test_traffic_is_read_by_the_time_of_submission(frame: pd.DataFrame) -> None:
    traffic, hour = Traffic(frame), timedelta(hours=1)
    requests = [
        sent
        for start in range(24)
        for sent in traffic.requests(since=SINCE + start * hour, until=SINCE + (start + 1) * hour)
    ]
    sent = frame[(frame.sent_at >= SINCE) & (frame.sent_at < SINCE + DAY)]
    assert sorted(each["id"] for request in requests for each in request.payloads) == sorted(sent.id)
    labels = traffic.labels(since=SINCE, until=SINCE + 3 * DAY)
    known = frame[(frame.label_known_at >= SINCE) & (frame.label_known_at < SINCE + 3 * DAY)]
    assert [each.body["event_id"] for each in labels] == list(known.sort_values("label_known_at").id)


def _same(one: pd.Series, other: pd.Series) -> pd.Series:
    return (one == other) | (one.isna() & other.isna())
