"""Training sets for other tools: the point-in-time data of a cut-off as a table or a Parquet file."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import fsspec
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.catalog.registry import scored_type
from scoring.learning.dataset.event_ids import event_ids
from scoring.learning.dataset.training_set import TrainingSet, join_labels, without_outliers
from scoring.learning.dataset.vectors_and_labels import read_labels, read_selection, read_vectors
from scoring.learning.dataset.vocabularies import count_vocabulary
from scoring.offline.store import OfflineStore
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.timestamps import to_iso

ROWS_PER_GROUP = 50_000  # written at once, which bounds the memory


def read_training_set(
    event_type: str,
    *,
    as_of: datetime,
    since: datetime | None = None,
    matures_after: timedelta | None = None,
    log_position: int | None = None,
    store: OfflineStore | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> TrainingSet:
    """The events mature at `as_of`, each with its features as of its decision and its label as known at
    `as_of`.

    The same data that `train` uses: without events before `since`, outliers in time, and blocked events
    without a label.
    `matures_after` defaults to the catalog's. Entries beyond `log_position` are ignored. Raises
    UnknownEventType, EventTypeNotScored, OfflineStoreOfAnotherLog.
    """
    kind = scored_type(event_type)
    vectors = read_vectors(
        kind.name,
        vocabulary=count_vocabulary(kind, as_of=as_of, watch=watch, store=store),
        log_position=log_position,
        watch=watch,
        store=store,
    )
    labels = read_labels(vectors, log_position=log_position, watch=watch, store=store)
    maturity = kind.matures_after if matures_after is None else matures_after
    return without_outliers(
        join_labels(
            vectors=vectors,
            labels=labels,
            as_of=as_of,
            matures_after=maturity,
            since=since,
            selection=read_selection(vectors, log_position=log_position),
        )
    )


def write_training_set(data: TrainingSet, url: str, *, watch: ProgressReporter = NO_PROGRESS) -> None:
    """Write the set as a Parquet file to a path or any fsspec URL. One step of `watch`, counted in events."""
    watch.begin("writing", total=len(data.y))
    empty = _part(data, slice(0, 0))
    with fsspec.open(url, "wb") as file, pq.ParquetWriter(file, empty.schema, compression="zstd") as writer:
        for part in iter_tables(data):
            writer.write_table(part)
            watch.advance(len(part))


def iter_tables(data: TrainingSet) -> Iterator[pa.Table]:
    """The set as tables of ROWS_PER_GROUP rows, one row for each event.

    Its identity and time, its label (1 positive), then its features as float32. Names of non-feature columns
    begin with an underscore. `_inferred` marks inferred negatives; `_weight` is how often the event counts;
    `_group` is the code of the type's first entity. The schema's metadata `assay` (JSON) describes the set.
    """
    for start in range(0, len(data.y), ROWS_PER_GROUP):
        yield _part(data, slice(start, start + ROWS_PER_GROUP))


def _part(data: TrainingSet, rows: slice) -> pa.Table:
    sources, ids = event_ids(data.positions[rows])
    columns = {
        "_position": pa.array(data.positions[rows]),
        "_source": pa.array(sources, pa.string()),
        "_id": pa.array(ids, pa.string()),
        "_occurred_at": pa.array(data.occurred_at[rows]).cast(pa.timestamp("us", tz="UTC")),
        "_label": pa.array(data.y[rows]),
        "_inferred": pa.array(data.inferred[rows]),
        "_weight": pa.array(np.ones(len(data.y[rows])) if data.weights is None else data.weights[rows]),
        "_group": pa.array(data.groups[rows]),
        **{name: pa.array(data.X[rows, column]) for column, name in enumerate(data.feature_names)},
    }
    return pa.table(columns).replace_schema_metadata({"assay": _about(data)})


def _about(data: TrainingSet) -> str:
    return orjson.dumps(
        {
            "event_type": data.event_type,
            "as_of": to_iso(data.as_of),
            "feature_set": data.feature_set,
            "outliers": data.outliers.stored(),
            "unknown_blocks": len(data.unknown or ()),
            "vocabularies": {name: list(values) for name, values in data.vocabularies.items()},
        }
    ).decode()
