"""Bins in words, by what the feature measures."""

import pytest

from monitoring.drift.bin_names import bin_names
from monitoring.drift.report import feature_specs

SPECS = feature_specs("payment", {"category": ["grocery", "travel", "games"]})


@pytest.mark.parametrize(
    ("feature", "edges", "names"),
    [
        ("amount", [1_000.0, 2_550.0], ["below 10.00 USD", "10.00 USD to 25.50 USD", "from 25.50 USD"]),
        ("card_count_1h", [0.5, 1.5, 4.5], ["0", "1", "2 to 4", "5 or more"]),
        ("card_since_last", [60.0], ["below 60 s", "from 60 s"]),
        ("card_new_merchant", [0.5], ["no", "yes"]),
        ("day_of_week", [0.5, 1.5], ["Monday", "Tuesday", "Wednesday"]),
        ("category", [0.5, 1.5], ["a category never seen in training", "grocery", "travel and others"]),
        ("category", [1.5, 2.5], ["a category never seen in training to grocery", "travel", "games"]),
        ("amount", [], ["any"]),
    ],
)
def test_bins_are_named_in_the_features_units(feature: str, edges: list[float], names: list[str]) -> None:
    assert bin_names(edges, SPECS[feature]) == [*names, "missing"]


def test_a_feature_that_is_no_longer_declared_has_plain_numbers() -> None:
    assert bin_names([0.5, 1_234.5], None) == ["below 0.5", "0.5 to 1,234", "from 1,234", "missing"]
