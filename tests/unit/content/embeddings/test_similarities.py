"""The signals that the nearest known texts give."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.content.embeddings.enrichment import similarities
from scoring.content.embeddings.known.nearest import Neighbor

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def minimum(settings: Any) -> None:
    settings.TEXT_SIMILARITY_MIN = 0.6


def near(scope: str, similarity: float) -> Neighbor:
    return Neighbor(f"letter/{scope}", "d" * 32, similarity, 1, NOW)


def test_each_policy_has_its_own_similarity_and_the_highest_is_that_of_all() -> None:
    assert similarities({"body": [near("spam", 0.7), near("scam", 0.91234567)]}) == {
        "body.similarity_spam": 0.7,
        "body.similarity_scam": 0.9123,
        "body.similarity": 0.9123,
    }


def test_a_label_without_a_policy_counts_for_all_together() -> None:
    assert similarities({"body": [near("", 0.8)]}) == {"body.similarity": 0.8}


def test_similarities_below_the_minimum_are_not_recorded() -> None:
    assert similarities({"body": [near("spam", 0.59), near("scam", 0.6)]}) == {
        "body.similarity_scam": 0.6,
        "body.similarity": 0.6,
    }
    assert similarities({"body": [], "motto": [near("spam", -0.2)]}) == {}


def test_a_copy_is_not_more_than_equal() -> None:
    assert similarities({"motto": [near("spam", 1.0000001)]})["motto.similarity_spam"] == 1.0
