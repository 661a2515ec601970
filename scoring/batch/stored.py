"""Versions as Parquet files next to the offline store's tables: written once, verified at each read.

    batch/payment.customer_profile/00000012.parquet

One row for each entity: `table` (the field that names it), `entity`, and the columns of its table.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.lib import ArrowException

from scoring.batch.errors import BatchVersionCorrupt
from scoring.batch.models import BatchVersion
from scoring.batch.views import BatchTable, BatchView
from scoring.offline.columns import NAMES
from scoring.offline.store import OfflineStore, StoredFile


def write_tables(view: BatchView, number: int, tables: Sequence[BatchTable], store: OfflineStore) -> None:
    """Store the tables of a version. They count once a log entry names the version."""
    columns = dict.fromkeys(name for spec in view.tables for name in spec.stored)
    schema = pa.schema({"table": NAMES, "entity": pa.string(), **dict.fromkeys(columns, pa.float64())})
    parts = []
    for spec, table in zip(view.tables, tables, strict=True):
        values = {name: table.matrix[:, place] for place, name in enumerate(spec.stored)}
        names = pa.array([spec.field] * len(table.keys), pa.string()).dictionary_encode()
        part = {"table": names, "entity": pa.array(table.keys, pa.string()), **values}
        missing = pa.nulls(len(table.keys), pa.float64())
        parts.append(pa.table([part.get(name, missing) for name in schema.names], schema=schema))
    store.write(pa.concat_tables(parts), _path(view.key, number))
    store.settle_names()


def read_tables(
    view: BatchView, version: BatchVersion, store: OfflineStore | None = None
) -> tuple[BatchTable, ...]:
    """The tables of a version as they were published. Raises BatchVersionCorrupt."""
    store = store or OfflineStore()
    path = _path(version.view, version.number)
    try:
        stored = store.read_files([StoredFile(path, rows=sum(version.rows.values()))])
        tables = tuple(_table(stored, spec.field, spec.stored) for spec in view.tables)
    except (OSError, ArrowException, KeyError) as error:
        raise _corrupt(version, store, f"{type(error).__name__}: {error}") from error
    if digest_of(view, tables) != version.digest:
        raise _corrupt(version, store, "its values differ from those published")
    return tables


def digest_of(view: BatchView, tables: Sequence[BatchTable]) -> str:
    """SHA-256 of the tables: fields, columns, keys, and the values as little-endian float64."""
    digest = hashlib.sha256()
    for spec, table in zip(view.tables, tables, strict=True):
        digest.update(json.dumps([spec.field, spec.stored, table.keys]).encode())
        digest.update(np.ascontiguousarray(table.matrix, dtype="<f8").tobytes())
    return digest.hexdigest()


def _table(stored: pa.Table, field: str, columns: Sequence[str]) -> BatchTable:
    rows = stored.filter(pc.equal(stored["table"], field))
    matrix = [rows[name].to_numpy() for name in columns]
    return BatchTable(rows["entity"].to_pylist(), np.stack(matrix, axis=1))


def _corrupt(version: BatchVersion, store: OfflineStore, problem: str) -> BatchVersionCorrupt:
    return BatchVersionCorrupt(view=version.view, number=version.number, url=store.url, problem=problem)


def _path(view: str, number: int) -> str:
    return f"batch/{view}/{number:08d}.parquet"
