"""Reads Parquet files and DataFrames as tables; only the wanted columns are converted."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.arrow_values import read_lists, read_values
from scoring.ingest.readers.content import Content, content_digest
from scoring.ingest.readers.options import ReadOptions
from scoring.ingest.readers.tables import MAX_COLUMNS, Chunk, SourceTable, list_names


def open_parquet(content: Content, options: ReadOptions) -> SourceTable:
    """Raises UnreadableImport for a damaged or encrypted file or a duplicate column name."""
    with _parquet_file(content) as file:
        stored, rows = list(file.schema_arrow.names), file.metadata.num_rows
    names = [name.strip() for name in stored]  # as in the header of a CSV file
    _check_names(content.name, names)
    stored_name = dict(zip(names, stored, strict=True))

    def chunks(skip: int, size: int, wanted: Collection[str] | None = None) -> Iterator[Chunk]:
        with _parquet_file(content) as file:
            columns = [name for name in names if wanted is None or name in wanted]
            others = tuple(name for name in names if name not in columns)
            if not columns:
                return
            read = file.iter_batches(batch_size=size, columns=[stored_name[name] for name in columns])
            for number, part in enumerate(_regrouped(_after(read, skip), size)):
                named = part.rename_columns([name.strip() for name in part.column_names])
                yield _arrow_chunk(named, skip + number * size + 1, others)

    digest = content_digest(content)
    return SourceTable(content.name, digest, tuple(names), chunks, lambda: rows, "parquet", "Parquet")


def frame_table(frame: pd.DataFrame, *, name: str = "frame") -> SourceTable:
    """A DataFrame as a table; its index is ignored. Raises UnreadableImport for mixed types."""
    _check_names(name, [str(column).strip() for column in frame.columns])
    arrays = {str(column).strip(): _arrow_column(name, column, frame[column]) for column in frame.columns}
    table = pa.table(arrays)

    def chunks(skip: int, size: int, wanted: Collection[str] | None = None) -> Iterator[Chunk]:
        columns = [each for each in arrays if wanted is None or each in wanted]
        others = tuple(each for each in arrays if each not in columns)
        for start in range(skip, table.num_rows, size):
            yield _arrow_chunk(table.select(columns).slice(start, size), start + 1, others)

    return SourceTable(
        name, _table_digest(table), tuple(arrays), chunks, lambda: table.num_rows, "frame", "a DataFrame"
    )


@contextmanager
def _parquet_file(content: Content) -> Iterator[pq.ParquetFile]:
    try:
        source = content.path or pa.BufferReader(content.open().read())
        # Old 96-bit times exceed the range of nanoseconds and would overflow silently.
        with pq.ParquetFile(source, coerce_int96_timestamp_unit="us") as file:
            yield file
    except (OSError, pa.ArrowException, ValueError) as error:
        reported = str(error).split("\n", 1)[0][:200]
        raise UnreadableImport(
            content.name, f"it is damaged, encrypted or not a Parquet file: {reported}"
        ) from error


def _check_names(name: str, names: Sequence[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise UnreadableImport(name, f"it has {len(names):,} columns; at most {MAX_COLUMNS:,}")
    repeated = [each for each, count in Counter(names).items() if count > 1]
    if repeated:
        raise UnreadableImport(
            name, f"it has more than one column named {list_names(repeated)}; give each a name of its own"
        )


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


def _arrow_chunk(table: pa.Table, first_row: int, others: tuple[str, ...]) -> Chunk:
    read = {name: read_values(table.column(name)) for name in table.column_names}
    return Chunk(
        first_row,
        table.num_rows,
        {name: values for name, (values, _) in read.items()},
        unreadable={name: problems for name, (_, problems) in read.items() if problems},
        lists={name: read_lists(table.column(name)) for name, (_, problems) in read.items() if problems},
        others=others,
    )


def _arrow_column(table: str, name: object, series: pd.Series) -> pa.ChunkedArray:
    values = [str(v) if isinstance(v, Decimal) else v for v in series] if series.dtype == object else series
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise UnreadableImport(table, f"column {name!r}: {error}") from error
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _table_digest(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return hashlib.sha256(sink.getvalue()).hexdigest()
