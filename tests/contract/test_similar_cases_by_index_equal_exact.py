"""The index of similar cases finds what comparing them one by one finds, and of one event type only."""

from unittest import mock

import numpy as np
import pytest

from reviews.models.similar import CaseExplanation
from reviews.similar import search
from reviews.similar.database import is_indexed
from reviews.similar.search import compare_newest, search_index, similar_cases
from reviews.similar.vectors import explanation_vector

CASES, RARE, CENTERS, FEATURES = 900, 30, 12, 40
NAMES = [f"feature_{number}" for number in range(FEATURES)]


def drawn(rng: np.random.Generator, number: int) -> dict[str, float]:
    """Contributions near one of a few patterns of fraud."""
    pattern = np.random.default_rng(number % CENTERS).laplace(size=FEATURES)
    return dict(zip(NAMES, (pattern + rng.normal(size=FEATURES) * 0.3).tolist(), strict=True))


def row(position: int, kind: str, contributions: dict[str, float]) -> CaseExplanation:
    vector = explanation_vector(kind, contributions)
    assert vector is not None
    return CaseExplanation(event_position=position, event_type=kind, vector=vector.tolist(), main=[])


@pytest.fixture
def stored(db: None) -> np.random.Generator:
    """Cases of two types, one of them rare."""
    rng = np.random.default_rng(3)
    rows = [row(at, "payment", drawn(rng, at)) for at in range(CASES)]
    rows += [row(CASES + at, "login", drawn(rng, at)) for at in range(RARE)]
    CaseExplanation.objects.bulk_create(rows)
    return rng


def test_both_ways_find_the_same_cases(stored: np.random.Generator) -> None:
    assert is_indexed()
    hits = 0
    for number in range(20):
        vector = explanation_vector("payment", drawn(stored, number))
        assert vector is not None
        by_index = search_index("payment", vector, position=number, limit=5)
        exact = compare_newest("payment", vector, position=number, limit=5, newest=CASES)
        assert [each.similarity for each in by_index] == sorted(
            (each.similarity for each in by_index), reverse=True
        )
        assert by_index[0].similarity == pytest.approx(exact[0].similarity, abs=1e-5)
        assert number not in {each.position for each in (*by_index, *exact)}
        hits += len({each.position for each in by_index} & {each.position for each in exact})
    assert hits >= 0.95 * 20 * 5


def test_a_rare_type_is_compared_one_by_one(stored: np.random.Generator) -> None:
    vector = explanation_vector("login", drawn(stored, 1))
    assert vector is not None
    with mock.patch.object(search, "MAX_COMPARED", 100):
        rare = similar_cases("login", vector, position=0, limit=RARE + 5)
        assert not rare.approximate
        assert {each.position for each in rare.found} == {CASES + at for at in range(RARE)}
        assert similar_cases("payment", vector, position=0, limit=5).approximate


def test_without_the_index_the_newest_cases_are_compared(stored: np.random.Generator) -> None:
    vector = explanation_vector("payment", drawn(stored, 1))
    assert vector is not None
    with (
        mock.patch.object(search, "MAX_COMPARED", 100),
        mock.patch.object(search, "MAX_NEWEST", 200),
        mock.patch.object(search, "is_indexed", return_value=False),
    ):
        found = similar_cases("payment", vector, position=0, limit=300)
    assert (found.approximate, found.newest) == (False, 200)
    assert {each.position for each in found.found} == set(range(CASES - 200, CASES))
