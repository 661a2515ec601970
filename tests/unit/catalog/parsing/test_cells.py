"""One reading a field, whatever the table was stored as."""

import doctest
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Category, Entity, Field, Flag, Money, Number, Text
from scoring.catalog.parsing import cells


def read(field: Field, raw: object) -> Any:
    cell = field.read_cell(raw)
    return None if cell is None else field.parse(cell)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(cells).failed == 0


@pytest.mark.parametrize(
    ("field", "cells", "value"),
    [
        (Flag(), [True, 1, 1.0, "1", "1.0", " 1 ", "true", "TRUE", "t", "yes", Decimal(1), b"1"], True),
        (Flag(), [False, 0, 0.0, -0.0, "0", "0.0", "False", "no", "N", Decimal("0.00")], False),
        (Entity(), [1001, 1001.0, "1001", "1001.0", " 1001.00 ", Decimal("1001.0"), b"1001"], "1001"),
        (Category(), [7.5, "7.5", Decimal("7.5")], "7.5"),
        (Category(), [True, "true", "True", "TRUE"], "true"),
        (Category(), [date(2026, 3, 1), "2026-03-01"], "2026-03-01"),
        (Number(), [4.5, "4.5", " 4.50", "4.5e0", Decimal("4.50"), b"4.5"], 4.5),
        (Number(), [3, 3.0, "3", "3.0", "+3", "3.", Decimal(3)], 3),
        (Number(), ["-.5", -0.5], -0.5),
        (Money(), [5, 5.0, "5", "5.00", " 5 ", Decimal("5.0000"), b"5"], {"minor": 500, "currency": "USD"}),
        (Text(), [1001.0, 1001, "1001"], "1001"),
        (IpAddress(), ["10.0.0.1", " 10.0.0.1", b"10.0.0.1"], "10.0.0.1"),
    ],
)
def test_a_value_is_read_the_same_however_it_is_stored(
    field: Field, cells: list[object], value: object
) -> None:
    for raw in cells:
        result = read(field, raw)
        assert (result, type(result)) == (value, type(value)), repr(raw)


@pytest.mark.parametrize("field", [Flag(), Entity(), Category(), Number(), Money(), Text()])
@pytest.mark.parametrize("raw", [None, "", "  ", "\u00a0", float("nan"), Decimal("NaN"), b"", b" "])
def test_a_missing_cell_is_missing_in_every_field(field: Field, raw: object) -> None:
    assert field.read_cell(raw) is None


@pytest.mark.parametrize(
    ("field", "cells"),
    [
        (Flag(), [2, "2", 0.5, "0.5", "maybe"]),
        (Number(), [True, "true", "1_000", "1,5", "0x10", "infinity", float("inf"), "٣", "north", b"\xff"]),
        (Number(), [2**53 + 1, str(2**53 + 1)]),
        (Number(), ["9" * 5_000]),
        (Money(), [True, "true", "1e999", "x", [1]]),
        (Entity(), [1e18, [1], {"a": 1}]),
    ],
)
def test_invalid_cells_are_refused_however_they_are_stored(field: Field, cells: list[object]) -> None:
    for raw in cells:
        with pytest.raises(FieldError):
            read(field, raw)


def test_text_that_only_looks_like_a_number_stays_unchanged() -> None:
    for text in ("007", "007.0", "1.10", "1e5", "-", "v1.0"):
        assert read(Entity(), text) == text


def test_a_value_of_a_closed_set_is_read_as_the_set_spells_it() -> None:
    assert read(Category(values=("1.0", "True")), "1.0") == "1.0"
    assert read(Category(values=("1.0", "True")), "True") == "True"
    assert read(Category(values=("1", "2")), "1.0") == "1"


def test_a_cell_stored_as_a_time_becomes_iso_text() -> None:
    assert read(Text(), datetime(2026, 3, 1, 12, tzinfo=UTC)) == "2026-03-01T12:00:00+00:00"
