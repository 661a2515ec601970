import pytest

from scoring.decisions.policy import outcome_of

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
