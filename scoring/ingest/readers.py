"""Rows of a file or a frame, a chunk at a time, as the plain values a JSON request would carry.

A column is a list of str, int, float, bool or None, whatever it was stored as: instants are ISO 8601 text,
decimals their digits, 32-bit floats the shortest number that reads back the same (37.824, not 37.824001).
Missing is None: an empty cell, a null, a NaN.
"""

import csv
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scoring.errors import UnreadableImport

T = TypeVar("T")

FORMATS = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
# Longer than csv's own limit: a text of a post fits, an unclosed quote is still noticed.
csv.field_size_limit(1 << 22)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows. `malformed` says, by index, what makes a row unreadable; its cells are None."""

    first_row: int  # of the file, counting from 1, without the header
    length: int
    columns: Mapping[str, Sequence[Any]]
    malformed: Mapping[int, str] = field(default_factory=dict)
    raw: Mapping[int, Sequence[str]] = field(default_factory=dict)  # the malformed rows as they came
    tabular: bool = True  # whether every row has the same columns


@dataclass(frozen=True, slots=True)
class Table:
    """Something that can be imported: a file or a frame.

    `columns` is None when they are only known row by row (JSON Lines). `chunks(skip, size)` yields the rows
    after the first `skip`, `size` at a time; `rows` is their number where the format tells it.
    """

    name: str
    digest: str  # SHA-256 of the content
    columns: tuple[str, ...] | None
    chunks: Callable[[int, int], Iterator[Chunk]]
    rows: int | None = None


def open_table(path: Path, *, form: str | None = None) -> Table:
    """The file as a table, by its ending or by `form` (csv, jsonl, parquet). Raises UnreadableImport."""
    kind = form or FORMATS.get(path.suffix.lower(), "")
    if kind not in READERS:
        raise UnreadableImport(
            path.name,
            f"its ending {path.suffix!r} names no format; use one of {', '.join(FORMATS)} or --format",
        )
    if not path.is_file():
        raise UnreadableImport(path.name, "there is no such file")
    try:
        return READERS[kind](path, file_digest(path))
    except (OSError, pa.ArrowException) as error:
        raise UnreadableImport(path.name, str(error)) from error


def frame_table(frame: pd.DataFrame, *, name: str = "frame") -> Table:
    """A DataFrame as a table; its index is ignored. Raises UnreadableImport for mixed types."""
    arrays = {str(column): _arrow_column(name, column, frame[column]) for column in frame.columns}
    table = pa.table(arrays)

    def chunks(skip: int, size: int) -> Iterator[Chunk]:
        for start in range(skip, table.num_rows, size):
            yield _arrow_chunk(table.slice(start, size), start + 1)

    return Table(name, _table_digest(table), tuple(arrays), chunks, table.num_rows)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open_csv(path: Path, digest: str) -> Table:
    with _text(path) as file:
        header = next(csv.reader(file), None)
    if not header:
        raise UnreadableImport(path.name, "it has no header line")
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise UnreadableImport(path.name, f"its header repeats {', '.join(repeated)}")

    def chunks(skip: int, size: int) -> Iterator[Chunk]:
        with _text(path) as file:
            rows = _csv_rows(csv.reader(file))
            next(rows)
            for first, part in _parts(rows, skip, size):
                yield _csv_chunk(header, part, first)

    return Table(path.name, digest, tuple(header), chunks)


def _csv_rows(reader: Iterator[list[str]]) -> Iterator[list[str] | str]:
    """Cells of each row; of a row that cannot be read, what is wrong with it. Blank lines are no rows."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"not readable as CSV: {error}"
            continue
        if row:
            yield row


def _csv_chunk(header: Sequence[str], part: Sequence[list[str] | str], first_row: int) -> Chunk:
    width, malformed, raw, good = len(header), {}, {}, list(part)
    for index, row in enumerate(part):
        problem = row if isinstance(row, str) else _problem_of_cells(row, width)
        if problem:
            malformed[index] = problem
            raw[index] = [] if isinstance(row, str) else [_printable(cell) for cell in row]
            good[index] = [""] * width
    cells = zip(*good, strict=True) if good else [()] * width
    columns = {name: [cell or None for cell in column] for name, column in zip(header, cells, strict=True)}
    return Chunk(first_row, len(part), columns, malformed, raw)


def _problem_of_cells(row: Sequence[str], width: int) -> str | None:
    if len(row) != width:
        return f"has {len(row)} cells where the header has {width}"
    text = "".join(row)
    if not text.isascii() and _printable(text) != text:
        return "is not UTF-8"
    return None


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    # Bytes that are not UTF-8 come through as lone surrogates, so that they spoil their own row only.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        yield file


def _open_json_lines(path: Path, digest: str) -> Table:
    def chunks(skip: int, size: int) -> Iterator[Chunk]:
        with path.open("rb") as file:
            lines = (line for line in file if line.strip())
            for first, part in _parts(lines, skip, size):
                yield _json_chunk(part, first)

    return Table(path.name, digest, None, chunks)


def _json_chunk(lines: Sequence[bytes], first_row: int) -> Chunk:
    rows: list[dict[str, Any]] = []
    malformed, raw = {}, {}
    for index, line in enumerate(lines):
        row, problem = _json_row(line)
        rows.append(row)
        if problem:
            malformed[index] = problem
            raw[index] = [line.decode("utf-8", "replace").rstrip("\r\n")]
    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return Chunk(first_row, len(rows), columns, malformed, raw, tabular=False)


def _json_row(line: bytes) -> tuple[dict[str, Any], str | None]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {}, f"is not JSON: {error}"
    if not isinstance(row, dict):
        return {}, "is not a JSON object"
    return row, None


def _open_parquet(path: Path, digest: str) -> Table:
    with pq.ParquetFile(path) as file:
        names, count = tuple(file.schema_arrow.names), file.metadata.num_rows

    def chunks(skip: int, size: int) -> Iterator[Chunk]:
        with pq.ParquetFile(path) as file:
            batches = _after(file.iter_batches(batch_size=size), skip)
            for number, part in enumerate(_regrouped(batches, size)):
                yield _arrow_chunk(part, skip + number * size + 1)

    return Table(path.name, digest, names, chunks, count)


def _after(batches: Iterable[pa.RecordBatch], skip: int) -> Iterator[pa.RecordBatch]:
    """The batches without their first `skip` rows."""
    for batch in batches:
        if skip < batch.num_rows:
            yield batch.slice(skip)
        skip = max(0, skip - batch.num_rows)


def _regrouped(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """The same rows, exactly `size` at a time whatever the file's row groups are."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        while count >= size:
            table = pa.Table.from_batches(held)
            yield table.slice(0, size)
            held = table.slice(size).to_batches()
            count -= size
    if count:
        yield pa.Table.from_batches(held)


def _arrow_chunk(table: pa.Table, first_row: int) -> Chunk:
    columns = {name: plain_values(table.column(name)) for name in table.column_names}
    return Chunk(first_row, table.num_rows, columns)


def plain_values(column: pa.ChunkedArray) -> list[Any]:
    """The values of an Arrow column as the plain values this module promises."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain_values(column.cast(kind.value_type))
    if pa.types.is_floating(kind):
        return _floats(column)
    if pa.types.is_timestamp(kind):
        return _instants(column)
    if pa.types.is_decimal(kind):
        return [None if value is None else f"{value:f}" for value in column.to_pylist()]
    if pa.types.is_date(kind) or pa.types.is_time(kind):
        return [None if value is None else value.isoformat() for value in column.to_pylist()]
    return column.to_pylist()


def _floats(column: pa.ChunkedArray) -> list[float | None]:
    values = column.to_numpy().astype(np.float64)  # nulls become NaN, which is missing all the same
    if not pa.types.is_float64(column.type):
        # The shortest digits that read back as the same narrow float are what was written into it.
        shortest = pc.cast(column.cast(pa.float32()), pa.string()).to_pylist()
        return [None if text is None or text == "nan" else float(text) for text in shortest]
    missing = np.isnan(values)
    plain: list[float | None] = values.tolist()
    for index in np.flatnonzero(missing):
        plain[index] = None
    return plain


def _instants(column: pa.ChunkedArray) -> list[str | None]:
    """ISO 8601 text, with Z where the column has a time zone and without offset where it has none."""
    micros = pc.cast(column, pa.timestamp("us", tz=column.type.tz), safe=False)
    moments = pc.cast(micros, pa.int64()).fill_null(0).to_numpy().astype("datetime64[us]")
    whole = bool((moments == moments.astype("datetime64[s]")).all())
    texts = np.datetime_as_string(moments, unit="s" if whole else "us")
    suffix = "" if column.type.tz is None else "Z"
    valid = column.is_valid().to_pylist()
    return [f"{text}{suffix}" if ok else None for text, ok in zip(texts.tolist(), valid, strict=True)]


def _arrow_column(table: str, name: object, series: pd.Series) -> pa.ChunkedArray:
    values = [str(v) if isinstance(v, Decimal) else v for v in series] if series.dtype == object else series
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise UnreadableImport(table, f"column {name!r}: {error}") from error
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _table_digest(table: pa.Table) -> str:
    digest = hashlib.sha256()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    digest.update(sink.getvalue())
    return digest.hexdigest()


def _parts(rows: Iterator[T], skip: int, size: int) -> Iterator[tuple[int, list[T]]]:
    rest = itertools.islice(rows, skip, None)
    first = skip + 1
    while part := list(itertools.islice(rest, size)):
        yield first, part
        first += len(part)


READERS: Mapping[str, Callable[[Path, str], Table]] = {
    "csv": _open_csv,
    "jsonl": _open_json_lines,
    "parquet": _open_parquet,
}
