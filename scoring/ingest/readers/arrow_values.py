"""Converts Arrow columns to plain values; a value that cannot be converted is a problem of its cell."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

Values = tuple[list[Any], dict[int, str]]  # None where there is a problem, and the problem by index

_PER_DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_YEAR_1, _YEAR_10000 = -719_162, 2_932_897  # days from 1970-01-01
_OUT_OF_RANGE = "is a time outside the years 1 to 9999"
_UNREADABLE = "cannot be read, e.g. because it is not UTF-8 text"


def read_values(column: pa.ChunkedArray) -> Values:
    """The values of a column as specified in `scoring.ingest.readers.tables`."""
    column = _unwrapped(column)
    kind = column.type
    for is_kind, read in _READERS.items():
        if is_kind(kind):
            return read(column)
    if types.is_nested(kind) or types.is_interval(kind):
        return _refused(column, f"is of type {str(kind)[:80]}, which is not a single value")
    return _one_by_one(column, _as_it_is)


def read_lists(column: pa.ChunkedArray) -> dict[int, list[Any]]:
    """The values of a column of lists, by index, without nulls; {} of a column of any other type."""
    column = _unwrapped(column)
    kind = column.type
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return {}
    try:
        return {index: value for index, value in enumerate(column.to_pylist()) if value is not None}
    except (pa.ArrowException, ValueError, OverflowError):
        return {}


def _unwrapped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as stored values: without dictionary or run-length encoding or an extension type."""
    kind = column.type
    if types.is_dictionary(kind):
        column = pa.chunked_array(
            [chunk.dictionary_decode() for chunk in column.chunks], type=kind.value_type
        )
    elif types.is_run_end_encoded(kind):
        column = pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], type=kind.value_type)
    elif isinstance(kind, pa.BaseExtensionType) and not str(kind).startswith("extension<arrow.uuid"):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=kind.storage_type)
    return column if column.type == kind else _unwrapped(column)


def _floats(column: pa.ChunkedArray) -> Values:
    values = column.to_numpy()  # nulls become NaN, which is missing all the same
    # The shortest digits that read back as the same narrow float are those originally written.
    if types.is_float32(column.type):
        values = pc.cast(column, pa.string()).cast(pa.float64()).to_numpy()
    elif types.is_float16(column.type):
        values = values.astype(str).astype(np.float64)
    plain: list[float | None] = values.tolist()
    for index in np.flatnonzero(np.isnan(values)):
        plain[index] = None
    return plain, {}


def _instants(column: pa.ChunkedArray) -> Values:
    """ISO 8601 text, with Z where the column has a time zone and without offset where it has none."""
    unit, suffix = column.type.unit, "" if column.type.tz is None else "Z"
    stored, is_valid = _integers(column), column.is_valid().to_numpy()
    fits = _in_range(stored, unit)
    moments = np.where(fits, stored, 0).astype(f"datetime64[{unit}]").astype("datetime64[us]")
    whole = bool((moments == moments.astype("datetime64[s]")).all())
    texts = np.datetime_as_string(moments, unit="s" if whole else "us").tolist()
    usable = is_valid & fits
    values = [f"{text}{suffix}" if ok else None for text, ok in zip(texts, usable.tolist(), strict=True)]
    return values, dict.fromkeys(np.flatnonzero(is_valid & ~fits).tolist(), _OUT_OF_RANGE)


def _dates(column: pa.ChunkedArray) -> Values:
    unit = "D" if types.is_date32(column.type) else "ms"
    stored, is_valid = _integers(column), column.is_valid().to_numpy()
    fits = _in_range(stored, unit)
    days = np.where(fits, stored, 0).astype(f"datetime64[{unit}]").astype("datetime64[D]")
    usable = (is_valid & fits).tolist()
    texts = np.datetime_as_string(days).tolist()
    values = [text if ok else None for text, ok in zip(texts, usable, strict=True)]
    return values, dict.fromkeys(np.flatnonzero(is_valid & ~fits).tolist(), _OUT_OF_RANGE)


def _integers(column: pa.ChunkedArray) -> np.ndarray:
    """The stored integers of times, dates and the like, int64 [n]; 0 for nulls."""
    narrow = column.cast(pa.int32()) if types.is_date32(column.type) else column
    return pc.fill_null(narrow.cast(pa.int64()), 0).to_numpy()


def _in_range(stored: np.ndarray, unit: str) -> np.ndarray:
    days = stored // _PER_DAY[unit]
    return (days >= _YEAR_1) & (days < _YEAR_10000)


def _one_by_one(column: pa.ChunkedArray, read: Callable[[Any], Any]) -> Values:
    """Read each value separately if the column cannot be converted at once."""
    try:
        return [None if value is None else read(value) for value in column.to_pylist()], {}
    except (pa.ArrowException, ValueError, OverflowError):
        pass
    values: list[Any] = []
    problems = {}
    for index, scalar in enumerate(column):
        try:
            value = scalar.as_py()
            values.append(None if value is None else read(value))
        except (pa.ArrowException, ValueError, OverflowError):
            values.append(None)
            problems[index] = _UNREADABLE
    return values, problems


def _refused(column: pa.ChunkedArray, problem: str) -> Values:
    wrong = np.flatnonzero(column.is_valid().to_numpy()).tolist()
    return [None] * len(column), dict.fromkeys(wrong, problem)


def _as_it_is(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _seconds(value: timedelta) -> float | int:
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


_READERS: Mapping[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray], Values]] = {
    types.is_floating: _floats,
    types.is_timestamp: _instants,
    types.is_date: _dates,
    types.is_decimal: lambda column: _one_by_one(column, lambda value: f"{value:f}"),
    types.is_time: lambda column: _one_by_one(column, lambda value: value.isoformat()),
    types.is_duration: lambda column: _one_by_one(column, _seconds),
    types.is_binary: lambda column: _one_by_one(column, bytes.decode),
    types.is_large_binary: lambda column: _one_by_one(column, bytes.decode),
    types.is_binary_view: lambda column: _one_by_one(column, bytes.decode),
    types.is_fixed_size_binary: lambda column: _one_by_one(column, bytes.decode),
}
