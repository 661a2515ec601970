"""The scores of all contenders on the events of all folds, as a Parquet file."""

from collections.abc import Iterator, Sequence

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.learning.dataset.event_ids import event_ids
from scoring.learning.folds.run import FoldResult

ROWS_PER_GROUP = 50_000  # written at once, which bounds the memory


def write_scores(results: Sequence[FoldResult], url: str) -> int:
    """Write a row for each event and fold to a path or fsspec URL; the number of rows.

    Columns: fold, position, source, id, occurred_at, label (1 positive), and `score_{contender}` for each.
    """
    written = 0
    with fsspec.open(url, "wb") as file:
        tables = _tables(results)
        first = next(tables)
        with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
            for table in (first, *tables):
                writer.write_table(table)
                written += len(table)
    return written


def _tables(results: Sequence[FoldResult]) -> Iterator[pa.Table]:
    for result in results:
        for start in range(0, len(result.y), ROWS_PER_GROUP):
            yield _table(result, slice(start, start + ROWS_PER_GROUP))


def _table(result: FoldResult, rows: slice) -> pa.Table:
    positions = result.positions[rows]
    sources, ids = event_ids(positions)
    return pa.table(
        {
            "fold": pa.array(np.full(len(positions), result.fold.number, dtype=np.int16)),
            "position": pa.array(positions),
            "source": pa.array(sources, pa.string()),
            "id": pa.array(ids, pa.string()),
            "occurred_at": pa.array(result.occurred_at[rows]).cast(pa.timestamp("us", tz="UTC")),
            "label": pa.array(result.y[rows]),
            **{f"score_{name}": pa.array(scores[rows]) for name, scores in result.scores.items()},
        }
    )
