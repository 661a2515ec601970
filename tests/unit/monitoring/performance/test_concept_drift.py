"""ADWIN finds the changes that river finds, and excess log loss changes with the concept alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from monitoring.performance.concept_drift import AdaptiveWindow, Change, excess_log_loss, find_change


def first_change(values: NDArray[np.float64]) -> tuple[int, int] | None:
    """The place at which the first change is seen, and the width of the window that is left."""
    window = AdaptiveWindow()
    seen = (place for place, value in enumerate(values.tolist()) if window.add(value))
    return next(((place, window.width) for place in seen), None)


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# (values, what river 0.26.1's `drift.ADWIN` gives for them with its default arguments: index and width)
CASES = [
    (np.r_[generator(0).random(3_000) * 0.5, generator(10).random(3_000) * 0.5 + 0.2], (3_071, 320)),
    (np.r_[generator(1).binomial(1, 0.02, 6_000), generator(11).binomial(1, 0.06, 4_000)], (6_879, 4_832)),
    (np.clip(np.linspace(0.2, 0.8, 6_000) + generator(2).normal(0, 0.1, 6_000), 0, 1), (991, 864)),
    (generator(3).random(8_000), None),
]


@pytest.mark.parametrize(("values", "expected"), CASES)
def test_a_change_is_seen_where_river_sees_it(
    values: NDArray[np.float64], expected: tuple[int, int] | None
) -> None:
    assert first_change(values) == expected


def scores(count: int, *, mean: float, seed: int) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-generator(seed).normal(mean, 1.5, count)))


def labels(score: NDArray[np.float64], *, seed: int) -> NDArray[np.bool_]:
    return np.asarray(generator(seed).random(len(score)) < score)


def change_of(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> Change | None:
    return find_change(excess_log_loss(score, positive))


def test_fraud_at_low_scores_is_found_with_its_time() -> None:
    score = scores(12_000, mean=-5, seed=1)
    positive = labels(score, seed=2)
    new = (np.arange(12_000) >= 8_000) & (generator(3).random(12_000) < 0.03)

    change = change_of(score, positive | new)

    assert change is not None
    assert change.is_worse
    assert change.at == pytest.approx(8_000, abs=100)
    assert change.rows == 12_000 - change.at
    assert change.after > 0.1 > abs(change.before)


def test_riskier_events_alone_are_no_concept_drift() -> None:
    score = np.r_[scores(6_000, mean=-5, seed=4), scores(6_000, mean=-3, seed=5)]
    assert change_of(score, labels(score, seed=6)) is None


def test_quiet_months_show_no_change() -> None:
    found = 0
    for seed in range(20):
        score = scores(5_000, mean=-5, seed=seed)
        found += change_of(score, labels(score, seed=100 + seed)) is not None
    assert found == 0


def test_nothing_and_equal_values_have_no_change() -> None:
    assert find_change(np.empty(0)) is None
    assert find_change(np.full(1_000, 0.2)) is None


def test_the_window_forgets_what_was_before_the_change() -> None:
    window = AdaptiveWindow()
    for value in [0.0] * 1_000 + [1.0] * 1_000:
        window.add(value)
    assert window.mean == pytest.approx(1.0, abs=0.01)
    assert window.width == pytest.approx(1_000, abs=40)
