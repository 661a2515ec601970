"""Parquet and data frames: every type is read or refused in words, and one bad cell costs its row only."""

import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.arrow_values import read_values
from scoring.ingest.readers.opening import open_table
from scoring.ingest.readers.parquet_reader import frame_table
from scoring.ingest.readers.tables import SourceTable
from tests.factories.tables import open_bytes

OUTSIDE = "is a time outside the years 1 to 9999"


def parquet(table: pa.Table, **options: Any) -> SourceTable:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return open_bytes(sink.getvalue(), name="a.parquet")


@pytest.mark.parametrize(
    ("array", "plain"),
    [
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array(["a", None], pa.string_view()), ["a", None]),
        (pa.array([b"a", None], pa.large_binary()), ["a", None]),
        (pa.array([b"ab", None], pa.binary(2)), ["ab", None]),
        (pa.array([Decimal("1200"), None], pa.decimal128(5, -2)), ["1200", None]),
        (pa.array([Decimal("12.3400"), None], pa.decimal256(40, 4)), ["12.3400", None]),
        (pa.array([1, None], pa.time32("s")), ["00:00:01", None]),
        (pa.array([1500, None], pa.duration("ms")), [1.5, None]),
        (pa.array([1.5, 0.1, None], pa.float16()), [1.5, 0.1, None]),
        (pa.array([12.34, 1e7, float("nan")], pa.float32()), [12.34, 1e7, None]),
        (pa.array([2**64 - 1, None], pa.uint64()), [2**64 - 1, None]),
        (pa.array(["a", None], pa.dictionary(pa.int8(), pa.string())), ["a", None]),
        (pa.RunEndEncodedArray.from_arrays([1, 3], ["a", "b"]), ["a", "b", "b"]),
        (pa.nulls(2), [None, None]),
        (pa.array([10, None], pa.date32()), ["1970-01-11", None]),
    ],
)
def test_every_single_value_is_read(array: pa.Array, plain: Sequence[Any]) -> None:
    assert read_values(pa.chunked_array([array])) == (plain, {})


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (pa.array([5_000_000, 1], pa.int32()).cast(pa.date32()), OUTSIDE),
        (pa.array([10**15, 1], pa.timestamp("s")), OUTSIDE),
        (pa.array([10**18, 1], pa.timestamp("us")), OUTSIDE),
        (pa.array([b"\xff", b"a"]), "cannot be read"),
        (pa.array([[1], None]), "is of type list<"),
        (pa.array([{"a": 1}, None]), "is of type struct<"),
        (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), "is of type map<"),
        (pa.array([(1, 2, 3), None], pa.month_day_nano_interval()), "is of type month_day_nano_interval"),
    ],
)
def test_a_value_that_cannot_be_read_is_a_problem_of_its_own_cell(array: pa.Array, problem: str) -> None:
    values, problems = read_values(pa.chunked_array([array]))
    assert values[0] is None
    assert list(problems) == [0]
    assert problems[0].startswith(problem)


def test_times_of_old_writers_do_not_wrap_round() -> None:
    far = pa.table({"at": pa.array([datetime(9999, 12, 31)], pa.timestamp("us"))})  # noqa: DTZ001
    (chunk,) = parquet(far, use_deprecated_int96_timestamps=True).chunks(0, 10, None)
    assert chunk.columns["at"] == ["9999-12-31T00:00:00"]


def test_columns_that_are_not_wanted_are_not_converted() -> None:
    far = pa.array([5_000_000], pa.int32()).cast(pa.date32())
    (chunk,) = parquet(pa.table({"id": ["a"], "valid_to": far})).chunks(0, 10, {"id"})
    assert (dict(chunk.columns), dict(chunk.unreadable), chunk.others) == ({"id": ["a"]}, {}, ("valid_to",))


def test_two_columns_of_one_name_are_refused_in_words() -> None:
    twice = pa.table([pa.array(["a"]), pa.array(["b"])], names=["card", "card"])
    with pytest.raises(UnreadableImport, match="more than one column named card"):
        parquet(twice)


def test_a_damaged_file_is_refused_in_words() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(1000))}), sink)
    for content in (sink.getvalue()[:-20], b"PAR1" + bytes(100), sink.getvalue()[:4]):
        with pytest.raises(UnreadableImport, match="damaged, encrypted or not a Parquet"):
            open_bytes(content, name="a.parquet")


def test_a_file_without_rows_is_an_empty_table() -> None:
    table = parquet(pa.table({"id": pa.array([], pa.string())}))
    assert (table.count(), list(table.chunks(0, 10, None))) == (0, [])


def test_names_of_columns_are_trimmed_as_in_a_csv_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id ": ["p1"], " card": ["c"]})
    frame.to_parquet(tmp_path / "a.parquet")
    for table in (open_table(tmp_path / "a.parquet"), frame_table(frame)):
        assert table.columns == ("id", "card")
        assert next(table.chunks(0, 1, {"card"})).columns == {"card": ["c"]}
