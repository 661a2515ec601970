"""Which features differ between training and decisions by more than chance."""

import numpy as np
import pytest

from scoring.learning.leakage.served_values import SkewedFeature, skewed_features

NAMES = ("amount", "count")


def compared(differing: int, *, events: int = 100) -> list[SkewedFeature]:
    """The amounts of so many events differ."""
    trained = np.ones((events, 2), dtype=np.float32)
    served = [{"amount": 2.0 if row < differing else 1.0, "count": 1.0} for row in range(events)]
    return skewed_features(trained, served, names=NAMES)


@pytest.mark.parametrize(
    ("case", "differing", "events", "expected"),
    [
        ("nothing differs", 0, 100, []),
        ("a few may by chance", 2, 100, []),
        ("more than 1 % do", 6, 100, [SkewedFeature("amount", 6, 100)]),
        ("all do", 100, 100, [SkewedFeature("amount", 100, 100)]),
        ("of too few events nothing is said", 19, 19, []),
        ("of enough it is", 20, 20, [SkewedFeature("amount", 20, 20)]),
        ("no event was decided", 0, 0, []),
    ],
)
def test_features_differ_if_significantly_more_than_one_percent_do(
    case: str, differing: int, events: int, expected: list[SkewedFeature]
) -> None:
    assert compared(differing, events=events) == expected, case


def test_the_worst_feature_is_first() -> None:
    served = [{"amount": float(row % 2), "count": 5.0} for row in range(100)]
    found = skewed_features(np.ones((100, 2), dtype=np.float32), served, names=NAMES)
    assert [(each.name, each.differing) for each in found] == [("count", 100), ("amount", 50)]


def test_missing_equals_missing_and_what_was_not_logged_is_not_compared() -> None:
    trained = np.full((50, 2), np.nan, dtype=np.float32)
    assert skewed_features(trained, [{"amount": float("nan")}] * 50, names=NAMES) == []
    assert skewed_features(trained, [{"amount": None}] * 50, names=NAMES) == []
    [found] = skewed_features(trained, [{"amount": 0.0}] * 50, names=NAMES)
    assert found == SkewedFeature("amount", 50, 50)  # nothing is no zero


def test_values_are_compared_as_models_read_them() -> None:
    trained = np.full((50, 1), 0.1, dtype=np.float32)
    assert skewed_features(trained, [{"amount": 0.1}] * 50, names=("amount",)) == []
