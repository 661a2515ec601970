"""The bins in which values are counted."""

import pytest

from monitoring.quality.bins import Measure, binner_of, binners, format_of, number_bin
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.catalog.registry import event_type


@pytest.mark.parametrize(
    ("field", "measure"),
    [
        (Money(), Measure.RANGE),
        (Number(), Measure.RANGE),
        (Category(), Measure.VALUES),
        (Flag(), Measure.VALUES),
        (Entity(), Measure.FORMAT),
        (Entity(personal=True), Measure.NONE),
        (Text(personal=False), Measure.NONE),
    ],
    ids=repr,
)
def test_what_is_measured_follows_from_the_declaration(field: object, measure: Measure) -> None:
    assert binner_of(field).measure is measure  # type: ignore[arg-type]


def test_types_with_amounts_count_currencies_and_no_computed_field() -> None:
    payment, content = binners(event_type("payment")), binners(event_type("content"))

    assert "currency" in payment
    assert "currency" not in content
    assert not content.keys() & event_type("content").computed_fields.keys()


def test_an_amount_in_cents_is_thirteen_bins_from_one_in_euros() -> None:
    assert number_bin(100 * 1_234) - number_bin(1_234) == 13


def test_a_number_with_bounds_has_bins_between_them() -> None:
    latitude = binner_of(Number(minimum=-90, maximum=90)).bin_of

    assert [latitude(value) for value in (-90, 0, 89.9, 90)] == [0, 32, 63, 63]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("card-10", "card-99", True),
        ("card-10", "mer-10", False),
        ("dev-9f86d081", "dev-a1b2c3d4", True),
        ("100234", "C-10023", False),
        ("550e8400-e29b-41d4-a716-446655440000", "6ba7b81a-9dad-11d1-80b4-00c04fd430c8", True),
    ],
)
def test_ids_of_one_kind_have_one_format(one: str, other: str, same: bool) -> None:
    assert (format_of(one) == format_of(other)) is same
