"""Evidence against a limit: its value by numerical integration, and false alarms over many looks."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binomtest

from monitoring.guardrails.evidence import CONFIDENCE, exceeds, log_evidence, upper_bound


@pytest.mark.parametrize(("k", "n", "p0"), [(3, 10, 0.1), (0, 5, 0.2), (30, 40, 0.5), (20, 20, 0.02)])
def test_it_is_the_mixture_of_likelihood_ratios(k: int, n: int, p0: float) -> None:
    def ratio(p: float) -> float:
        return float((p / p0) ** k * ((1 - p) / (1 - p0)) ** (n - k) / (1 - p0))

    expected, _ = quad(ratio, p0, 1)
    assert math.exp(log_evidence(k, n, p0)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.5])
def test_alarms_at_the_limit_are_rare_however_often_it_is_looked_at(rate: float) -> None:
    """4,000 models of exactly the allowed rate, each judged after every one of 300 events."""
    generator, alpha, models = np.random.default_rng(16), 0.02, 4_000
    counts = (generator.random((models, 300)) < rate).cumsum(axis=1)
    n = np.arange(1, 301)
    # Evidence grows with k, so the smallest k that is enough at each n decides for all models.
    enough = np.array([_smallest(int(events), rate, alpha) for events in n])
    false_alarms = (counts >= enough).any(axis=1).mean()
    assert false_alarms <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / models)
    assert false_alarms > 0  # the bound is not met by never alarming


def _smallest(n: int, rate: float, alpha: float) -> int:
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if exceeds(middle, n, rate, alpha=alpha) else (middle + 1, high)
    return low


@pytest.mark.parametrize(
    ("what", "k", "n", "p0", "expected"),
    [
        ("everything is blocked: a few events are enough", 5, 5, 0.05, True),
        ("two events are not", 2, 2, 0.05, False),
        ("a rate at the limit is within", 50, 1_000, 0.05, False),
        ("twice the limit takes hundreds", 20, 200, 0.05, False),
        ("and then suffices", 100, 1_000, 0.05, True),
        ("no limit, no alarm", 10, 10, 1.0, False),
    ],
)
def test_how_much_is_enough(what: str, k: int, n: int, p0: float, expected: bool) -> None:
    assert exceeds(k, n, p0) is expected, what


@pytest.mark.parametrize(("k", "n"), [(0, 50), (3, 50), (49, 50), (50, 50)])
def test_the_upper_bound_is_clopper_and_pearsons(k: int, n: int) -> None:
    expected = binomtest(k, n, alternative="less").proportion_ci(CONFIDENCE, method="exact").high
    assert upper_bound(k, n) == pytest.approx(expected)
