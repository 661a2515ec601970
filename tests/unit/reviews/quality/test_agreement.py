"""Kappas and their intervals equal those of statsmodels 0.14 and of published examples."""

from collections.abc import Sequence

import pytest

from reviews.quality.agreement import cohens_kappa, fleiss_kappa

# Rows: events; columns: labels; how many of 14 raters gave it (the example of the article on Fleiss' kappa in
# Wikipedia, where kappa is 0.210).
RATED = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def pairs_of(table: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
    return [
        (str(row), str(column))
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]


def ratings_of(table: Sequence[Sequence[int]]) -> list[list[str]]:
    return [[str(label) for label, n in enumerate(row) for _ in range(n)] for row in table]


@pytest.mark.parametrize(
    ("table", "value", "low", "high"),
    [
        ([[20, 5], [10, 15]], 0.4, 0.151092290476661, 0.6489077095233389),
        (
            [[44, 5, 1], [7, 20, 3], [9, 5, 6]],
            0.49152542372881347,
            0.35015820121748686,
            0.6328926462401401,
        ),
    ],
)
def test_cohens_kappa_is_that_of_statsmodels(
    table: list[list[int]], value: float, low: float, high: float
) -> None:
    found = cohens_kappa(pairs_of(table))
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high), abs=1e-12)
    assert found.rows == sum(map(sum, table))


def test_fleiss_kappa_is_the_published_one() -> None:
    found = fleiss_kappa(ratings_of(RATED))
    assert found is not None
    assert found.value == pytest.approx(0.20993070442195522, abs=1e-12)  # statsmodels, too
    assert found.low < found.value < found.high


def test_the_interval_of_fleiss_kappa_is_the_jackknife() -> None:
    ratings = ratings_of(RATED)
    left_out = [fleiss_kappa(ratings[:each] + ratings[each + 1 :]) for each in range(len(ratings))]
    values = [each.value for each in left_out if each]
    mean = sum(values) / len(values)
    error = (sum((each - mean) ** 2 for each in values) * 9 / 10) ** 0.5
    found = fleiss_kappa(ratings)
    assert found is not None
    assert found.high - found.value == pytest.approx(1.959963984540054 * error, abs=1e-9)


def test_raters_may_differ_in_number_and_order_of_events_does_not_matter() -> None:
    ratings = [["a", "a"], ["a", "b", "a"], ["b", "b", "b", "b"], ["a"]]
    found, turned = fleiss_kappa(ratings), fleiss_kappa(ratings[::-1])
    assert found is not None
    assert turned is not None
    assert (found.rows, found.value) == (3, pytest.approx(turned.value))


def test_full_agreement_is_one_and_agreement_on_one_label_tells_nothing() -> None:
    full = cohens_kappa([("a", "a"), ("b", "b")])
    assert full is not None
    assert (full.value, full.low, full.high) == (1.0, 1.0, 1.0)
    assert cohens_kappa([("a", "a")] * 5) is None
    assert fleiss_kappa([["a", "a"]] * 5) is None
    assert cohens_kappa([]) is None
    assert fleiss_kappa([["a"]]) is None


def test_of_one_event_any_kappa_is_possible() -> None:
    found = fleiss_kappa([["a", "b"]])
    assert found is not None
    assert (found.low, found.high) == (-1.0, 1.0)
