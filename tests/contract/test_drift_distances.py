"""Drift distances equal the worked examples of other packages, and SciPy's functions."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.datasets import make_classification

from monitoring.drift.distance import chi_square_quantile
from monitoring.drift.distances import binned, samples

FLOOR = 0.0001  # of the packages that the examples come from
CASES = ("d01", "d02", "d03", *(f"d{n:02}" for n in range(4, 17)), "d36", "d37", "d38", "d39")
# The examples whose input is described in words, or under other names.
DESCRIBED = {
    "d36": {"p": [0, 1, 3], "q": [5, 6, 8]},
    "d37": {"p": [3.4, 3.9, 7.5, 7.8], "q": [4.5, 1.4], "weights": ([1.4, 0.9, 3.1, 7.2], [3.2, 3.5])},
    "d38": {"p": [1, 0], "q": [0.5, 0.5]},
    "d39": {"p": [0.5, 0.5], "q": [0.9, 0.1]},
}


def of_shares(distance: Callable[..., float]) -> Callable[[str, Mapping[str, Any]], float]:
    return lambda case, given: distance(given["p"], given["q"])


def of_counts(distance: Callable[..., float]) -> Callable[[str, Mapping[str, Any]], float]:
    return lambda case, given: distance(given["ref_counts"], given["cur_counts"])


def in_deciles(case: str, given: object) -> float:
    """Rows 0 to 499 are then, the others now; the bins are the deciles of then."""
    column = np.arange(1_000.0) if case == "d10" else columns()[:, int(case[1:]) - 4]
    then, now = column[:500], column[500:]
    edges = np.quantile(then, np.linspace(0, 1, 11))[1:-1]
    counts = [np.bincount(np.searchsorted(edges, side), minlength=10) for side in (then, now)]
    return binned.psi(*counts, floor=FLOOR)


def columns() -> NDArray[np.float64]:
    described = {"n_samples": 1_000, "n_features": 6, "n_redundant": 2, "n_clusters_per_class": 1}
    return np.asarray(make_classification(**described, weights=[0.5], class_sep=2, random_state=1)[0])


def null_threshold(case: str, given: Mapping[str, Any]) -> float:
    quantile = chi_square_quantile(1 - given["p_value"], given["bins"] - 1)
    return quantile * (1 / given["n_ref"] + 1 / given["n_cur"])


def of_values(case: str, given: Mapping[str, Any]) -> float:
    then, now = given.get("weights", (None, None))
    return samples.wasserstein(given["p"], given["q"], then_weights=then, now_weights=now)


MEASURED: Mapping[str, Callable[[str, Any], float]] = {
    "psi": of_shares(binned.psi),
    "kl": of_shares(binned.kl),
    "js_distance": of_shares(binned.jensen_shannon),
    "hellinger": of_counts(binned.hellinger),
    "chisq_p": of_counts(lambda then, now: binned.chi_square(then, now).p_value),
    "psi_decile_of_reference": in_deciles,
    "psi_categorical": lambda case, given: binned.psi([1, 0], [0, 1], floor=FLOOR),
    "psi_null_threshold": null_threshold,
    "wasserstein": of_values,
}


@pytest.fixture(scope="module")
def cases(test_data: Path) -> dict[str, dict[str, Any]]:
    found = json.loads((test_data / "statistics" / "drift_cases.json").read_text())
    return {case["id"]: case for case in found}


@pytest.mark.parametrize("name", CASES)
def test_a_distance_equals_the_worked_example(name: str, cases: dict[str, dict[str, Any]]) -> None:
    case = cases[name]
    found = MEASURED[case["stat"]](name, DESCRIBED.get(name, case["input"]))
    assert found == pytest.approx(case["recomputed"], abs=1e-6)
    assert found == pytest.approx(case["expected"], abs=case["abs_tol"])


def test_every_worked_example_is_tried(cases: dict[str, dict[str, Any]]) -> None:
    assert set(cases) == set(CASES)


counts = st.integers(2, 12).flatmap(
    lambda bins: st.tuples(*[st.lists(st.integers(1, 500), min_size=bins, max_size=bins)] * 2)
)
numbers = st.lists(st.floats(-1e3, 1e3).map(lambda value: round(value, 3)), min_size=1, max_size=60)


@given(counts)
def test_binned_distances_are_those_of_scipy(both: tuple[list[int], list[int]]) -> None:
    then, now = map(np.array, both)
    p, q = then / then.sum(), now / now.sum()
    tested = stats.chisquare(now, p * now.sum())

    assert binned.kl(then, now) == pytest.approx(stats.entropy(p, q), abs=1e-12)
    assert binned.jensen_shannon(then, now) == pytest.approx(jensenshannon(p, q), abs=1e-7)
    assert binned.chi_square(then, now) == pytest.approx(tuple(tested), rel=1e-9)
    places = np.linspace(0, 1, len(p))
    moved = stats.wasserstein_distance(places, places, p, q)
    assert binned.wasserstein(then, now) == pytest.approx(moved, abs=1e-12)


@given(numbers, numbers)
@settings(max_examples=50)
def test_distances_of_samples_are_those_of_scipy(then: list[float], now: list[float]) -> None:
    ours = samples.kolmogorov_smirnov([*then, np.nan], now)
    assert ours.statistic == pytest.approx(stats.ks_2samp(then, now, method="asymp").statistic)
    moved = stats.wasserstein_distance(then, now)
    assert samples.wasserstein(then, [*now, np.nan]) == pytest.approx(moved, abs=1e-9)


def test_the_p_value_of_many_values_is_the_exact_one() -> None:
    random = np.random.default_rng(3)
    then, now = random.normal(size=900), random.normal(0.07, 1, size=800)
    exact = stats.ks_2samp(then, now, method="exact").pvalue
    assert samples.kolmogorov_smirnov(then, now).p_value == pytest.approx(exact, rel=0.1)
