"""Bins in words, by what the feature measures."""

import pytest

from monitoring.drift.bin_names import bin_names
from monitoring.drift.report import feature_specs

SPECS = feature_specs("payment", {"category": ["grocery", "travel", "games"]})


@pytest.mark.parametrize(
    ("feature", "edges", "names"),
    [
        ("amount", [1_000.0, 2_550.0], ["below 10.00 USD", "10.00 to 25.50 USD", "from 25.50 USD"]),
        ("card_count_1h", [0.5, 1.5, 4.5], ["0", "1", "2 to 4", "5 or more"]),
        ("card_since_last", [60.0], ["below 60 s", "from 60 s"]),
        (
            "card_since_last",
            [60.0, 90.0, 7_200.0],
            ["below 60 s", "60 to 90 s", "90 s to 2 h", "from 2 h"],
        ),
        ("card_new_merchant", [0.5], ["no", "yes"]),
        ("card_new_merchant", [], ["any"]),
        ("day_of_week", [0.5, 1.5], ["Monday", "Tuesday", "Wednesday to Sunday"]),
        ("day_of_week", [0.5, 5.5], ["Monday", "Tuesday to Saturday", "Sunday"]),
        ("hour_of_day", [0.5, 22.0], ["00:00 UTC", "01:00 to 21:00 UTC", "22:00 to 23:00 UTC"]),
        ("category", [0.5, 1.5], ["unseen in training", "grocery", "travel or games"]),
        ("category", [0.5, 1.5, 2.5], ["unseen in training", "grocery", "travel", "games"]),
        ("category", [1.5, 2.5], ["grocery or unseen", "travel", "games"]),
        ("category", [2.5, 3.5], ["grocery, travel or unseen", "games", "category 4"]),
        ("category", [], ["any"]),
        ("amount", [], ["any"]),
    ],
)
def test_bins_are_named_in_the_features_units(feature: str, edges: list[float], names: list[str]) -> None:
    assert bin_names(edges, SPECS[feature]) == [*names, "missing"]


def test_a_feature_that_is_no_longer_declared_has_plain_numbers() -> None:
    assert bin_names([0.5, 1_234.5], None) == ["below 0.5", "0.5 to 1,234", "from 1,234", "missing"]


def test_many_categories_in_one_bin_are_not_all_listed() -> None:
    spec = feature_specs("payment", {"category": list("abcdefgh")})["category"]
    assert bin_names([0.5, 1.5], spec)[2] == "other categories"
    assert bin_names([4.5, 5.5], spec)[:2] == ["a, b, others or unseen", "e"]
