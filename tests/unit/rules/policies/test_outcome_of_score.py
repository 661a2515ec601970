import pytest

from scoring.rules.policies.thresholds import outcome_of

OUTCOMES = ("allow", "challenge", "review", "limit", "block")
THRESHOLDS = {"review": 0.2, "block": 0.8}


@pytest.mark.parametrize(
    ("score", "outcome"),
    [
        (0.0, "allow"),
        (0.1999, "allow"),
        (0.2, "review"),
        (0.7999, "review"),
        (0.8, "block"),
        (1.0, "block"),
    ],
)
def test_thresholds_are_inclusive(score: float, outcome: str) -> None:
    assert outcome_of(score, THRESHOLDS) == outcome


@pytest.mark.parametrize(
    ("score", "outcome"),
    [(0.09, "allow"), (0.1, "challenge"), (0.2, "review"), (0.79, "review"), (0.8, "block")],
)
def test_outcomes_that_a_type_adds_have_thresholds_of_their_own(score: float, outcome: str) -> None:
    assert outcome_of(score, {**THRESHOLDS, "challenge": 0.1}, OUTCOMES) == outcome


def test_at_one_threshold_the_most_severe_outcome_wins() -> None:
    assert outcome_of(0.5, {"review": 0.5, "limit": 0.5, "challenge": 0.5}, OUTCOMES) == "limit"
