"""How far a day may be from the reference, from days that were ordinary; and that quiet days stay quiet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from monitoring.drift.distance import State, measure_drift, measure_many
from monitoring.drift.ordinary_days import MIN_DAYS, ordinary_days, upper_limits
from monitoring.drift.report import DriftReport, compare
from monitoring.models import ModelWindow
from monitoring.windows.binning import NO_DAYS, DailyCounts, Reference, pack
from monitoring.windows.model_windows import MILLION

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
FEATURES, BINS, MERCHANTS, ROWS = 60, 10, 40, 600


def test_many_drifts_are_those_that_are_measured_one_by_one() -> None:
    random = np.random.default_rng(1)
    then = random.integers(0, 4, (3, 5, 8)) * random.integers(0, 50, (3, 5, 8))
    now = random.integers(0, 3, (3, 5, 8)) * random.integers(0, 50, (3, 5, 8))
    then[0, 0] = 0
    many = measure_many(then, now)
    one_by_one = [
        [measure_drift(*each) for each in zip(*pair, strict=True)] for pair in zip(then, now, strict=True)
    ]
    for row, found in enumerate(one_by_one):
        assert many.psi[row] == pytest.approx([drift.psi for drift in found], abs=1e-12)
        assert many.expected[row] == pytest.approx([drift.expected for drift in found], abs=1e-12)
        assert many.limit[row] == pytest.approx([drift.limit for drift in found], abs=1e-12)


@pytest.mark.parametrize("days", [MIN_DAYS, 30])
def test_one_more_ordinary_day_is_below_the_limit_as_often_as_stated(days: int) -> None:
    random = np.random.default_rng(days)
    figures = random.normal(1.0, 0.2, (days + 1, 40_000)) ** 2
    limits = upper_limits(figures[:-1], np.zeros(days), at=0.0, level=0.99)
    assert np.mean(figures[-1] > limits) == pytest.approx(0.01, abs=0.003)


def test_what_grows_with_the_distance_may_be_farther_when_it_is_older() -> None:
    random = np.random.default_rng(2)
    ages = np.arange(28.0)
    roots = random.normal(0.3, 0.01, (28, 2)) + np.outer(ages, [0.01, 0.0])
    young, old = (upper_limits(roots**2, ages, at=at, level=0.999) for at in (28.0, 50.0))

    assert np.sqrt(old[0]) == pytest.approx(0.3 + 0.5, abs=0.1)
    assert old[0] > 1.3 * young[0]
    assert old[1] == young[1] < 0.36**2
    # Nothing is known of a distance far beyond the ordinary days.
    assert upper_limits(roots**2, ages, at=1_000.0, level=0.999)[0] == pytest.approx(
        upper_limits(roots**2, ages, at=54.0, level=0.999)[0]
    )


def test_unknown_figures_leave_a_limit_from_the_others() -> None:
    random = np.random.default_rng(3)
    figures, ages = random.normal(1.0, 0.2, (20, 3)) ** 2, np.arange(20.0)
    some = figures.copy()
    some[:8, 1] = some[:15, 2] = np.nan
    limits = upper_limits(some, ages, at=20.0, level=0.999)

    assert limits[0] == upper_limits(figures, ages, at=20.0, level=0.999)[0]
    assert limits[1] == pytest.approx(upper_limits(figures[8:], ages[8:], at=20.0, level=0.999)[1])
    assert limits[2] == 0.0  # five days are too few


def test_a_feature_of_later_rows_is_compared_with_other_later_days() -> None:
    days = DailyCounts(np.array([-1.0, 1.0, 2.0]), np.array([[[9, 1]], [[8, 2]], [[5, 5]]]))
    made_up = reference_of([np.zeros((FEATURES, BINS + 1), dtype=np.int64)])
    reference = replace(
        made_up, features=np.array([[13, 7]]), days=days, of_later_rows=np.array([True]), names=("text",)
    )
    found = ordinary_days(reference).figures[:, 0]
    many = measure_many(np.array([[13, 7], [5, 5], [8, 2]]), np.array([[9, 1], [8, 2], [5, 5]]))
    assert found == pytest.approx(many.psi - many.expected)


def test_too_few_days_set_no_limit() -> None:
    assert (
        upper_limits(np.ones((MIN_DAYS - 1, 3)), np.zeros(MIN_DAYS - 1), at=0.0, level=0.99).tolist()
        == [0.0] * 3
    )


class QuietShop:
    """Features whose values the events of a day share by merchant, and which differ on weekends.

    A day's counts are those of `MERCHANTS` groups, each in few bins: far from independent rows.
    """

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.shares = self.random.dirichlet([3.0] * BINS, FEATURES)
        self.weekend = self.random.dirichlet([30.0] * BINS, FEATURES) * BINS

    def day(self, number: int) -> NDArray[np.int64]:
        """int64[FEATURES, BINS + 1]: none are missing."""
        shares = self.shares * (self.weekend if number % 7 in (5, 6) else 1.0)
        shares /= shares.sum(axis=1, keepdims=True)
        drawn = self.random.multinomial(MERCHANTS, shares) * (ROWS // MERCHANTS)
        return np.pad(drawn, ((0, 0), (0, 1)))


def reference_of(days: Sequence[NDArray[np.int64]]) -> Reference:
    """A reference of these days up to `UNTIL`, without one by one knowledge of the scores."""
    counts = np.sum(days, axis=0)
    ages = np.arange(1 - len(days), 1, dtype=np.float64)
    return Reference(
        rows=int(counts[0].sum()),
        names=tuple(f"f{number}" for number in range(FEATURES)),
        edges=tuple(np.arange(BINS - 1.0) for _ in range(FEATURES)),
        features=counts,
        score_edges=np.array([0.5]),
        scores=np.array([90, 10]),
        outcomes={},
        of_later_rows=np.zeros(FEATURES, dtype=bool),
        until=UNTIL,
        days=DailyCounts(ages, np.stack(days)),
    )


def windows_of(counts: NDArray[np.int64], *, day: int) -> list[ModelWindow]:
    """A day in two windows, of 24 hours from the first to the last."""
    contributions = np.arange(1, FEATURES + 1) * MILLION
    halves = [counts // 2, counts - counts // 2]
    return [
        ModelWindow(
            model="m",
            start=UNTIL + timedelta(days=day, hours=hour),
            rows=int(half[0].sum()),
            features=pack(half),
            scores=pack(np.array([45, 5])),
            contributions=pack(contributions),
        )
        for hour, half in zip((0, 23), halves, strict=True)
    ]


def reports(shop: QuietShop, reference: Reference, *, days: int) -> list[DriftReport]:
    return [
        compare("m", windows_of(shop.day(42 + day), day=day), reference, specs={}, since=UNTIL)
        for day in range(days)
    ]


def test_sixty_quiet_days_raise_no_alarm_and_hardly_a_feature() -> None:
    """Without ordinary days, most of the 3,600 figures are above the rule of thumb and beyond chance."""
    shop = QuietShop(seed=4)
    reference = reference_of([shop.day(number) for number in range(42)])
    quiet = reports(shop, reference, days=60)

    assert sum(report.is_far for report in quiet) == 0
    assert sum(len(report.moved) for report in quiet) <= 10
    blind = reports(shop, replace(reference, days=NO_DAYS), days=10)
    assert all(report.is_far and len(report.moved) > FEATURES / 2 for report in blind)


def test_a_feature_that_loses_its_values_is_found_among_such_days() -> None:
    shop = QuietShop(seed=5)
    reference = reference_of([shop.day(number) for number in range(42)])
    counts = shop.day(50)
    counts[40, -1] = counts[40, :-1].sum()
    counts[40, :-1] = 0
    report = compare("m", windows_of(counts, day=8), reference, specs={}, since=UNTIL)

    assert [feature.name for feature in report.moved] == ["f40"]
    assert report.moved[0].drift.state is State.SHIFTED
    assert report.moved[0].more_missing == 1.0
    assert report.is_far
