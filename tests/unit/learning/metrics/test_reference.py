import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.learning.metrics.reference import (
    DAY_US,
    MAX_DAYS,
    MAX_SEPARATE_VALUES,
    MAX_VALUES,
    MIN_DAY_ROWS,
    SCORE_EDGES,
    TimedRows,
    count_outcomes,
    describe_column,
    describe_days,
    describe_reference,
)


def recount(values, edges):
    """What the reader of a reference does with values of its own."""
    known = values[~np.isnan(values)]
    return np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1).tolist()


columns = st.lists(
    st.one_of(
        st.just(float("nan")), st.integers(0, 3).map(float), st.floats(-1e6, 1e6, width=32, allow_nan=False)
    ),
    min_size=1,
    max_size=300,
)


@given(columns, st.booleans())
def test_counts_are_those_of_the_edges_and_no_bin_is_empty(values, is_code):
    column = np.array(values, dtype=np.float32)
    described = describe_column(column, is_code=is_code)
    assert described["counts"] == recount(column, described["edges"])
    assert described["missing"] == np.isnan(column).sum()
    assert described["edges"] == sorted(set(described["edges"]))
    assert all(described["counts"]) or described["missing"] == len(column)


def test_a_number_is_cut_at_its_deciles():
    described = describe_column(np.arange(1_000, dtype=np.float32), is_code=False)
    assert described["counts"] == [pytest.approx(100, abs=1)] * 10


def test_a_count_that_is_mostly_nothing_keeps_nothing_apart():
    rng = np.random.default_rng(0)
    column = np.where(rng.random(10_000) < 0.9, 0, rng.integers(1, 100, 10_000)).astype(np.float32)
    described = describe_column(column, is_code=False)
    assert described["edges"][0] == 0.5
    rarely = np.append(np.zeros(200), np.arange(1, 101)).astype(np.float32)
    assert describe_column(rarely, is_code=False)["counts"][:2] == [200, 10]
    assert described["counts"][0] == (column == 0).sum()
    assert len(described["counts"]) == 11


def test_a_flag_and_a_code_have_a_bin_for_each_value():
    assert describe_column(np.array([0, 1, 1, 0, 1], np.float32), is_code=False)["counts"] == [2, 3]
    codes = np.repeat(np.arange(24), np.arange(24) + 1).astype(np.float32)
    assert describe_column(codes, is_code=True)["counts"] == list(range(1, 25))


def test_codes_beyond_the_most_share_the_last_bin():
    described = describe_column(np.arange(50, dtype=np.float32), is_code=True)
    assert len(described["counts"]) == MAX_VALUES
    assert described["counts"][-1] == 50 - (MAX_VALUES - 1)


def test_a_value_rounded_to_float32_stays_in_the_bin_of_its_float64():
    values = np.random.default_rng(0).choice([0.1, 0.2, 0.3, 1 / 3, 0.7], 500)
    described = describe_column(values.astype(np.float32), is_code=False)
    assert recount(values, described["edges"]) == described["counts"]


def test_scores_and_outcomes_are_those_of_the_held_out_rows():
    score = np.array([0.0005, 0.03, 0.03, 0.5, 0.97])
    told: list[int] = []
    described = describe_reference(
        X=np.repeat(np.arange(50, dtype=np.float32), 2).reshape(50, 2),
        names=("number", "code"),
        codes=[1],
        score=score,
        thresholds={"review": 0.03, "block": 0.9},
        progress=told.append,
    )
    assert (described["rows"], told) == (50, [1, 1])
    bins = {feature["name"]: len(feature["counts"]) for feature in described["features"]}
    assert bins == {"number": 10, "code": MAX_VALUES}
    assert described["score"] == {"edges": list(SCORE_EDGES), "counts": recount(score, SCORE_EDGES)}
    assert described["outcomes"] == {"allow": 1, "review": 3, "block": 1}
    assert count_outcomes(np.array([]), {"review": 0.1, "block": 0.9}) == {
        "allow": 0,
        "review": 0,
        "block": 0,
    }


@pytest.mark.parametrize(
    ("distinct", "a_bin_each"), [(MAX_SEPARATE_VALUES, True), (MAX_SEPARATE_VALUES + 1, False)]
)
def test_few_different_numbers_have_a_bin_each_however_rare(distinct, a_bin_each):
    times = [300, 1, 1, 1, *[100] * (distinct - 4)]
    column = np.repeat(np.arange(distinct), times).astype(np.float32)
    assert (describe_column(column, is_code=False)["counts"] == times) is a_bin_each


def test_a_lowest_value_that_is_no_more_than_a_tenth_does_not_draw_the_next_one_into_its_bin():
    assert describe_column(np.arange(11, dtype=np.float32), is_code=False)["counts"][:2] == [1, 1]


def test_exactly_a_tenth_is_a_decile_like_the_others():
    column = np.append(np.zeros(10), np.arange(1, 91)).astype(np.float32)
    assert describe_column(column, is_code=False)["counts"] == [10] * 10


def test_rows_that_could_not_be_learned_from_are_part_of_the_distributions():
    X, also = np.arange(20, dtype=np.float32).reshape(10, 2), np.full((3, 2), 100, dtype=np.float32)
    described = describe_reference(
        X=X,
        names=("a", "b"),
        codes=[],
        score=np.zeros(2),
        thresholds={"review": 0.5, "block": 0.9},
        also=also,
    )
    assert described["rows"] == 13
    assert [sum(feature["counts"]) for feature in described["features"]] == [13, 13]


def rows_of_days(counts, first=20_000):
    """Rows of one column, the number of their day; `counts` from the day `first` after 1970 on."""
    days = np.repeat(np.arange(len(counts)), counts)
    rng = np.random.default_rng(0)
    times = (first + days) * DAY_US + rng.integers(0, DAY_US, len(days))
    return TimedRows(days[:, None].astype(np.float32), times)


NUMBER = [{"name": "day", "edges": [0.5, 4.5]}]
NO_SCORES = [(np.zeros(0), np.zeros(0, dtype=np.int64))]


def test_single_days_are_counted_in_the_bins_of_the_reference():
    rows, more = rows_of_days([80, 100, 100, 100, 100, 120]), rows_of_days([0, 7])
    more.X[:] = np.nan
    until = (20_000 + 3) * DAY_US + 5
    scores = np.linspace(0, 1, 120)
    described = describe_days(
        [rows, more], features=NUMBER, scores=[(scores, np.full(120, 20_005 * DAY_US))], until=until
    )

    assert described["until"] == "2024-10-07T00:00:00.000005Z"
    # The day that the end of the reference cuts, 2024-10-07, is left out.
    assert described["features"] == [
        {"day": "2024-10-04", "counts": [[80, 0, 0, 0]]},
        {"day": "2024-10-05", "counts": [[0, 100, 0, 7]]},
        {"day": "2024-10-06", "counts": [[0, 100, 0, 0]]},
        {"day": "2024-10-08", "counts": [[0, 100, 0, 0]]},
        {"day": "2024-10-09", "counts": [[0, 0, 120, 0]]},
    ]
    assert described["scores"] == [{"day": "2024-10-09", "counts": recount(scores, SCORE_EDGES)}]


def test_days_with_few_rows_and_long_past_ones_are_left_out():
    described = describe_days(
        [rows_of_days([100] * MAX_DAYS + [100, 49, 100])], features=NUMBER, scores=NO_SCORES, until=0
    )
    days = [day["day"] for day in described["features"]]
    assert (len(days), days[-2:]) == (MAX_DAYS, ["2024-11-15", "2024-11-17"])
    few = describe_days([rows_of_days([MIN_DAY_ROWS - 1] * 3)], features=NUMBER, scores=NO_SCORES, until=0)
    assert (few["features"], few["scores"]) == ([], [])


def test_columns_of_later_rows_are_described_and_counted_after_the_end_alone():
    rows = rows_of_days([80, 100, 100, 100])
    until = (20_000 + 1) * DAY_US + 5
    described = describe_reference(
        X=rows.X[:130],
        names=("day",),
        codes=[],
        score=np.zeros(2),
        thresholds={"review": 0.5, "block": 0.9},
        later={0: rows.X[180:, 0]},
    )
    [feature] = described["features"]
    assert (feature["edges"], feature["counts"], feature["later"]) == ([2.5], [100, 100], True)

    days = describe_days([rows], features=[feature], scores=NO_SCORES, until=until)["features"]
    assert [day["counts"] for day in days] == [[[0, 0, 0]], [[100, 0, 0]], [[0, 100, 0]]]
