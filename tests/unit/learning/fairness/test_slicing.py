"""Slices by names, by bands of numbers, and by age."""

import numpy as np

from scoring.learning.fairness.slicing import AGES, MAX_NAMES, slice_names, slice_numbers


def sizes(slicing):
    return dict(zip(slicing.names, np.bincount(slicing.codes).tolist(), strict=True))


def test_frequent_names_have_slices_of_their_own_and_the_others_share_one():
    values = [f"v{at:02}" for at in range(MAX_NAMES + 3) for _ in range(30 - at)] + [None] * 4
    found = sizes(slice_names("category", values))
    assert len(found) == MAX_NAMES + 2
    assert found["v00"] == 30
    assert found["other values"] == sum(30 - at for at in range(MAX_NAMES, MAX_NAMES + 3))
    assert found["missing"] == 4


def test_values_that_the_model_does_not_know_join_the_other_ones():
    values = ["other values"] * 90 + [f"v{at:02}" for at in range(MAX_NAMES + 1)]
    slicing = slice_names("campaign", values)
    assert len(set(slicing.names)) == len(slicing.names) == MAX_NAMES + 1
    assert sizes(slicing)["other values"] == 91


def test_numbers_are_cut_into_bands_of_about_equally_many_events():
    values = np.append(np.arange(1_000.0), np.nan)
    found = sizes(slice_numbers("amount", values, text=lambda value: f"{value:g}"))
    assert list(found) == ["below 200", "200 to 400", "400 to 600", "600 to 800", "from 800", "missing"]
    assert all(150 < count <= 250 for name, count in found.items() if name != "missing")


def test_few_distinct_numbers_have_a_slice_each():
    found = sizes(slice_numbers("flag", np.array([1.0, 0.0, 1.0]), text=lambda value: f"{value:g}"))
    assert found == {"0": 1, "1": 2}


def test_a_value_at_an_edge_belongs_to_the_band_above():
    days = np.array([0.0, 86_399.0, 86_400.0, 100 * 86_400.0])
    found = slice_numbers("age", days, text=lambda value: f"{value / 86_400:g} d", edges=AGES)
    assert [found.names[code] for code in found.codes] == [
        "below 1 d",
        "below 1 d",
        "1 d to 7 d",
        "from 90 d",
    ]


def test_rows_that_are_taken_keep_their_slices():
    slicing = slice_names("category", ["a", "b", "a"])
    assert slicing.take(np.array([1])).codes.tolist() == [slicing.names.index("b")]
