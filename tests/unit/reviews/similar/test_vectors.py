"""Explanations as vectors: their dot product is the cosine of the contributions."""

import numpy as np
import pytest

from reviews.pages.related.similar import likeness_of
from reviews.similar.vectors import DIMENSION, NOTICEABLE, explanation_vector, main_contributions

FEATURES = [f"feature_{number}" for number in range(60)]


def cosine(one: dict[str, float], other: dict[str, float]) -> float:
    names = sorted({*one, *other})
    a, b = (np.array([each.get(name, 0.0) for name in names]) for each in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_a_vector_has_length_1_whatever_the_size_of_the_contributions() -> None:
    small, large = ({"amount": scale, "hour": -2 * scale} for scale in (0.01, 10.0))
    one, other = explanation_vector("payment", small), explanation_vector("payment", large)
    assert one is not None
    assert other is not None
    assert one.shape == (DIMENSION,)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)
    assert one @ other == pytest.approx(1, abs=1e-6)


def test_without_contributions_there_is_no_vector() -> None:
    assert explanation_vector("payment", {}) is None
    assert explanation_vector("payment", {"amount": 0.0}) is None


def test_products_are_the_cosines_of_contributions_as_models_give_them() -> None:
    rng = np.random.default_rng(7)
    drawn = rng.laplace(size=(40, len(FEATURES))) * rng.gamma(0.4, size=(40, len(FEATURES)))
    given = [dict(zip(FEATURES, row.tolist(), strict=True)) for row in drawn]
    vectors = [explanation_vector("payment", each) for each in given]
    errors = [
        abs(float(vectors[i] @ vectors[j]) - cosine(given[i], given[j]))  # type: ignore[operator]
        for i in range(40)
        for j in range(i)
    ]
    assert np.mean(errors) < 0.06


def test_events_of_models_with_other_features_are_compared_by_those_they_share() -> None:
    old = {"amount": 1.0, "is_new_device": 0.5, "removed": 0.1}
    new = {"amount": 1.1, "is_new_device": 0.4, "added": 0.1}
    one, other = explanation_vector("payment", old), explanation_vector("payment", new)
    assert one is not None
    assert other is not None
    assert one @ other == pytest.approx(cosine(old, new), abs=1e-6)


def test_the_same_feature_of_another_event_type_is_another_coordinate() -> None:
    one, other = explanation_vector("payment", {"amount": 1.0}), explanation_vector("refund", {"amount": 1.0})
    assert one is not None
    assert other is not None
    assert one @ other == 0


def test_main_contributions_are_the_largest_ones_that_are_noticeable() -> None:
    given = {name: 0.1 * (-1) ** at * at for at, name in enumerate(FEATURES[:9])} | {"tiny": NOTICEABLE / 2}
    main = main_contributions(given)
    assert [name for name, _ in main] == [f"feature_{at}" for at in (8, 7, 6, 5, 4, 3)]
    assert main[1][1] == pytest.approx(-0.7)
    assert main_contributions({"tiny": NOTICEABLE / 2}) == []


@pytest.mark.parametrize(
    ("similarity", "words"),
    [
        (1.0, "nearly the same reasons"),
        (0.8, "much the same reasons"),
        (0.7, "partly the same reasons"),
        (0.5, "some of the same reasons"),
        (-0.2, "few reasons in common"),
    ],
)
def test_a_similarity_is_told_in_words(similarity: float, words: str) -> None:
    assert likeness_of(similarity) == words
