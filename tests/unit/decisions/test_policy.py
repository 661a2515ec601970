import pytest

from scoring.decisions.policy import most_severe, outcome_of

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
    ("outcomes", "winner"),
    [
        (("allow", "block", "review"), "block"),
        (("allow", "review"), "review"),
        (("allow", "allow"), "allow"),
    ],
)
def test_the_most_severe_outcome_wins(outcomes: tuple[str, ...], winner: str) -> None:
    assert most_severe(*outcomes) == winner
