"""Which features are compared with training, and the state of those without values."""

from datetime import timedelta

import numpy as np
import pytest

from monitoring.drift.distance import State
from monitoring.drift.report import _drift, _is_comparable, feature_specs

SPECS = feature_specs("payment", {})
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.mark.parametrize(
    ("feature", "seen_for", "compared"),
    [
        ("card_count_1h", timedelta(hours=1), True),
        ("hour_of_day", timedelta(hours=5), False),  # a quiet night is no drift of the hours
        ("hour_of_day", DAY, True),
        ("card_since_first", WEEK, False),  # it grows while nothing happens
    ],
)
def test_which_features_are_comparable(feature: str, seen_for: timedelta, compared: bool) -> None:
    assert _is_comparable(SPECS[feature], seen_for) is compared


@pytest.mark.parametrize(
    ("then", "now", "state"),
    [
        ([0, 0, 500], [0, 0, 900], State.ALL_MISSING),  # not "stable": it was never sent
        ([250, 250, 0], [0, 0, 900], State.SHIFTED),
        ([0, 0, 500], [450, 450, 0], State.SHIFTED),
        ([0, 0, 500], [0, 0, 0], State.NO_DATA),
        ([250, 250, 500], [250, 250, 500], State.STABLE),
    ],
)
def test_a_feature_without_values_is_not_called_stable(then: list[int], now: list[int], state: State) -> None:
    assert _drift(np.array(then), np.array(now)).state is state
