"""The sums behind risk scores equal the formulas, however the events are divided into versions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.batch.risk.sums import RiskSums, ScoredEvents, parts_of_risk
from scoring.batch.risk.view import EVENT_COLUMNS, Risk
from scoring.batch.views import BatchTable
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.features.folding.encode import KeyColumn

DAY = 86_400_000_000


class Visit(EventType):
    name, lane = "visit", "visits"
    guest = Entity()
    any_risk = Risk(guest, half_life="1d", every="1d", stale_after="3d")
    share_risk = Risk(guest, half_life="1d", every="1d", stale_after="3d", combine="share")


ANY, SHARE = Visit.any_risk, Visit.share_risk
Scored = tuple[str | None, float, int]  # guest, score, time


def scored(events: list[Scored], first: int = 100) -> ScoredEvents:
    names = list(dict.fromkeys(name for name, *_ in events if name is not None))
    codes = [-1 if name is None else names.index(name) for name, *_ in events]
    return ScoredEvents(
        KeyColumn(np.array(codes, dtype=np.int64), names),
        np.arange(first, first + len(events)),
        np.array([score for _, score, _ in events], dtype=np.float64),
        np.array([at for *_, at in events], dtype=np.int64),
    )


def sums_of(view: Risk, events: list[Scored], *, as_of: int) -> RiskSums:
    sums = RiskSums(view, as_of)
    sums.add(scored(events))
    return sums


def row_of(table: BatchTable, view: Risk, guest: str) -> dict[str, float]:
    row = table.matrix[table.keys.index(guest)].tolist()
    return dict(zip(view.tables[0].stored, row, strict=True))


def test_a_worked_example_of_any():
    """0.5 now and 0.75 a half-life ago: 1 - 0.5 * 0.25^0.5 = 0.75."""
    table = sums_of(ANY, [("ann", 0.5, 2 * DAY), ("ann", 0.75, DAY)], as_of=2 * DAY).table({})
    row = row_of(table, ANY, "ann")
    assert row["score"] == row["computed"] == pytest.approx(0.75)
    assert row["weight"] == pytest.approx(1.5)
    assert [row["event_0"], row["event_1"]] == [100, 101]  # as strong as each other: the earlier entry first
    assert math.isnan(row["event_2"])


def test_a_worked_example_of_shares():
    """Two events of 0.4 (ann) and two of 0 (bo): base 0.2, so (0.8 + 20 * 0.2) / 22 and (0 + 4) / 22."""
    events = [("ann", 0.4, 0), ("ann", 0.4, 0), ("bo", 0.0, 0), ("bo", 0.0, 0)]
    table = sums_of(SHARE, events, as_of=0).table({})
    assert row_of(table, SHARE, "ann")["score"] == pytest.approx(4.8 / 22)
    assert row_of(table, SHARE, "bo")["score"] == pytest.approx(4 / 22)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bo", None]), st.floats(0, 1), st.integers(4 * DAY, 9 * DAY)),
        min_size=1,
        max_size=30,
    ),
    st.integers(0, 30),
    st.sampled_from([ANY, SHARE]),
)
def test_a_version_that_continues_another_equals_one_of_all_events(events, split, view):
    """What a version stored is enough to go on from, for the score and for the strongest events."""
    first, rest = events[:split], events[split:]
    then, now = 10 * DAY, 12 * DAY
    stored = sums_of(view, first, as_of=then).table({})
    continued = RiskSums.continued(view, stored, then_us=then, as_of_us=now)
    continued.add(scored(rest, first=100 + len(first)))
    whole = sums_of(view, events, as_of=now)
    found, expected = continued.table({}), whole.table({})
    assert found.keys == expected.keys
    columns = len(view.tables[0].stored) - len(EVENT_COLUMNS)
    np.testing.assert_allclose(found.matrix[:, :columns], expected.matrix[:, :columns], atol=1e-9)


def test_the_strongest_events_are_kept_and_others_are_not():
    events = [("ann", score, at * DAY) for score, at in ((0.9, 0), (0.9, 3), (0.2, 3), (0.5, 3), (0.1, 3))]
    row = row_of(sums_of(ANY, events, as_of=3 * DAY).table({}), ANY, "ann")
    assert [row[f"event_{place}"] for place in range(3)] == [101, 103, 100]
    assert [row[f"score_{place}"] for place in range(3)] == [0.9, 0.5, 0.9]


def test_parts_of_events_add_up_to_the_whole_risk():
    events = [("ann", 0.9, 0), ("ann", 0.5, 3 * DAY)]
    row = row_of(sums_of(ANY, events, as_of=3 * DAY).table({}), ANY, "ann")
    kept = np.array([[100, 0.9, 0], [101, 0.5, 3 * DAY]])
    parts = parts_of_risk(ANY, kept, total=row["total"], as_of_us=3 * DAY)
    assert parts.sum() == pytest.approx(1)
    assert parts[1] > parts[0]


def test_an_entity_whose_events_have_faded_has_no_profile():
    sums = sums_of(ANY, [("ann", 0.9, 0), ("bo", 0.9, 8 * DAY)], as_of=8 * DAY)
    assert sums.table({}).keys == ["bo"]


def test_an_override_holds_beside_the_computed_score_and_for_entities_without_events():
    table = sums_of(ANY, [("bo", 0.5, 0)], as_of=0).table({"bo": 0.0, "ann": 1.0})
    assert table.keys == ["ann", "bo"]
    bo, ann = row_of(table, ANY, "bo"), row_of(table, ANY, "ann")
    assert (bo["score"], bo["computed"]) == (0.0, pytest.approx(0.5))
    assert ann["score"] == 1.0
    assert math.isnan(ann["computed"])
    assert (ann["weight"], ann["total"]) == (0, 0)


def test_a_certain_event_does_not_make_a_risk_certain():
    score = row_of(sums_of(ANY, [("ann", 1.0, 0)], as_of=0).table({}), ANY, "ann")["score"]
    assert 0.99 < score < 1


def test_an_unknown_combination_is_refused_at_its_line():
    with pytest.raises(Exception, match="combine='worst' is neither 'any' nor 'share'"):

        class Bad(EventType):
            name, lane = "bad_visit", "visits"
            guest = Entity()
            risk = Risk(guest, half_life="1d", every="1d", stale_after="3d", combine="worst")  # type: ignore[arg-type]
