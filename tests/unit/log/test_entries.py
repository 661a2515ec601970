"""The canonical form of an entry's data."""

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.log.entries import Cursor, canonical_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=6))
def test_equal_data_has_equal_text_in_any_key_order(data: dict[str, Any]) -> None:
    reordered = dict(reversed(data.items()))
    text = canonical_json(data)

    assert canonical_json(reordered) == text
    assert canonical_json(orjson.loads(text)) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC), "2026-01-02T03:04:05.000060Z"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:00:00Z"),
    ],
)
def test_times_are_written_in_utc_with_z(moment: datetime, text: str) -> None:
    assert canonical_json({"at": moment}) == f'{{"at":"{text}"}}'


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), Decimal("1.10"), b"bytes", {1, 2}])  # noqa: DTZ001
def test_values_without_a_canonical_form_raise_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json({"value": value})


def test_a_missing_number_is_written_as_null() -> None:
    assert canonical_json({"score": math.nan}) == '{"score":null}'


def test_cursors_sort_by_epoch_then_transaction_then_position() -> None:
    cursors = [Cursor(2, 5, 1), Cursor(1, 900, 2), Cursor(1, 900, 1), Cursor(1, 30, 99)]

    assert sorted(cursors) == [Cursor(1, 30, 99), Cursor(1, 900, 1), Cursor(1, 900, 2), Cursor(2, 5, 1)]
