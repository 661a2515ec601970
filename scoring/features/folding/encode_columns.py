"""Encodes whole columns of history as the kernel's input: the same batches as `encode` gives for items."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.catalog.time_zones import offset_at
from scoring.features import opcodes as op
from scoring.features.compile.plan import Encoding, LanePlan
from scoring.features.folding.encode import MODES, PAIR_SEPARATOR, Batch, KeyColumn, empty_batch
from scoring.features.hashes import value_hash

_DAY_US = 86_400_000_000


def encode_columns(plan: LanePlan, event_type: str, columns: Mapping[str, Any]) -> Batch:
    """The same batch as `encode`, from whole columns of one event type, in lane order.

    `seq` and `occurred_at_us` are integers. `mode` ("event", "label" or "undo", or their opcodes; by default
    all events) and `positive_delta` (by default 0) are optional. Then comes a column per field: strings (None
    if missing; a `KeyColumn`, or any sequence that pandas can factorize, such as categoricals and Arrow
    dictionaries) for entities, categories and texts; numbers (NaN if missing) for numbers and flags; minor
    units of the base currency for money. Without a column, the field is missing everywhere. Raises KeyError
    for a type that is not in this lane.
    """
    encoding = plan.encodings[event_type]
    n = len(columns["seq"])
    batch = empty_batch(plan, n)
    modes = _modes_of(columns.get("mode"), n)
    batch.program[:] = encoding.program + modes
    batch.times[:] = columns["occurred_at_us"]
    batch.seqs[:] = columns["seq"]
    if "positive_delta" in columns:
        batch.deltas[:] = columns["positive_delta"]
    factorized = _Factorized(columns)
    for column, name, value_type in encoding.values:
        if name in columns and value_type == "offset":
            batch.values[:, column] = _offsets(factorized[name], batch.times)
        elif name in columns:
            batch.values[:, column] = _value_column(factorized, columns, name, value_type, encoding)
    for column, name in encoding.hashes:
        if name in columns:
            factorized_column = factorized[name]
            table = np.array([*map(value_hash, factorized_column.uniques), 0], dtype=np.uint64)
            batch.hashes[:, column] = table[factorized_column.codes]
    _encode_keys(batch, encoding, factorized, modes)
    return batch


def merge_batches(batches: Sequence[Batch]) -> Batch:
    """Several batches of the same plan as one, in order of seq."""
    if len(batches) == 1 and bool((np.diff(batches[0].seqs) > 0).all()):
        return batches[0]
    seqs = np.concatenate([batch.seqs for batch in batches])
    order = np.argsort(seqs, kind="stable")

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(batch, name) for batch in batches])[order]

    return Batch(
        n=len(seqs),
        **{name: column(name) for name in ("program", "times", "seqs", "deltas", "values", "hashes")},
        keys=[
            _merge_keys(columns, order) for columns in zip(*(batch.keys for batch in batches), strict=True)
        ],
        kinds=batches[0].kinds,
    )


def _merge_keys(columns: Sequence[KeyColumn], order: NDArray[np.intp]) -> KeyColumn:
    keys = [column.uniques for column in columns]
    codes, uniques = pd.factorize(np.array(list(chain.from_iterable(keys)), dtype=object))
    tables = np.split(codes.astype(np.int64), np.cumsum([len(each) for each in keys])[:-1])
    parts = [np.append(table, -1)[column.codes] for table, column in zip(tables, columns, strict=True)]
    return KeyColumn(np.concatenate(parts)[order], uniques.tolist())


class _Factorized(dict[str, KeyColumn]):
    """Column name -> its values as codes, computed once per column."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = columns

    def __missing__(self, name: str) -> KeyColumn:
        raw = self._columns[name]
        self[name] = raw if isinstance(raw, KeyColumn) else _factorize(raw)
        return self[name]


def _factorize(raw: Any) -> KeyColumn:
    if hasattr(raw, "to_pandas"):  # an Arrow array
        raw = raw.to_pandas()
    codes, uniques = pd.factorize(raw if hasattr(raw, "dtype") else np.array(raw, dtype=object))
    return KeyColumn(codes.astype(np.int64), [str(value) for value in uniques])


def _modes_of(raw: Any, n: int) -> NDArray[np.int32]:
    if raw is None:
        return np.zeros(n, dtype=np.int32)
    if isinstance(raw, np.ndarray) and raw.dtype.kind == "i":
        return raw.astype(np.int32)
    return np.array([MODES[mode] for mode in raw], dtype=np.int32)


def _value_column(
    factorized: _Factorized, columns: Mapping[str, Any], name: str, value_type: str, encoding: Encoding
) -> NDArray[np.float64]:
    if value_type != "category":
        return np.asarray(columns[name], dtype=np.float64)
    values = factorized[name]
    known = encoding.codes[name]
    return np.array([*(float(known.get(value, 0)) for value in values.uniques), math.nan])[values.codes]


def _offsets(zones: KeyColumn, times: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far each item's own time zone is ahead of UTC, in microseconds; NaN without a known one.

    A zone is asked about a day once, except on days on which its offset changes.
    """
    offsets = np.full(len(times), np.nan)
    rows = np.flatnonzero(zones.codes >= 0)
    days = times[rows] // _DAY_US
    first = int(days.min(initial=0))
    span = int(days.max(initial=0)) - first + 2  # a day more than there are
    asked, which = np.unique(zones.codes[rows] * span + days - first, return_inverse=True)
    both = np.unique([asked, asked + 1])
    known = np.array(
        [offset_at(zones.uniques[at // span], (at % span + first) * _DAY_US) for at in both.tolist()],
        dtype=np.float64,
    )
    starts, ends = (known[np.searchsorted(both, at)] for at in (asked, asked + 1))
    offsets[rows] = starts[which]
    for row in rows[(starts < ends)[which] | (starts > ends)[which]].tolist():
        offsets[row] = offset_at(zones.uniques[zones.codes[row]], int(times[row]))
    return offsets


def _encode_keys(batch: Batch, encoding: Encoding, factorized: _Factorized, modes: NDArray[np.int32]) -> None:
    for mode in range(op.MODES):
        rows = modes == mode
        if not rows.any():
            continue
        for column, _ in encoding.keys[mode]:
            batch.keys[column].codes[rows] = 0  # has a key, if its fields are there
    touched = {column: names for keys in encoding.keys for column, names in keys}
    for column, names in touched.items():
        wanted = batch.keys[column].codes == 0
        if wanted.any() and all(name in factorized._columns for name in names):
            batch.keys[column] = _join_keys([factorized[name] for name in names], wanted)
        else:
            batch.keys[column].codes[:] = -1


def _join_keys(parts: Sequence[KeyColumn], wanted: NDArray[np.bool_]) -> KeyColumn:
    """The joined parts of each wanted row; -1 if it is not wanted or lacks a part."""
    if len(parts) == 1 and wanted.all():
        return parts[0]
    combined = np.zeros(len(wanted), dtype=np.int64)
    there = wanted.copy()
    for part in parts:
        there &= part.codes >= 0
        combined = combined * (len(part.uniques) + 1) + part.codes
    codes = np.full(len(wanted), -1, dtype=np.int64)
    codes[there], _ = pd.factorize(combined[there])
    firsts = np.full(int(codes.max(initial=-1)) + 1, 0, dtype=np.int64)
    rows = np.flatnonzero(there)[::-1]
    firsts[codes[rows]] = rows  # in reverse, so that the first row is assigned last and stays
    return KeyColumn(codes, _join_strings(parts, firsts))


def _join_strings(parts: Sequence[KeyColumn], rows: NDArray[np.int64]) -> list[str]:
    """The keys of these rows, all of which have every part."""
    joined = np.array(parts[0].uniques, dtype=object)[parts[0].codes[rows]]
    for part in parts[1:]:
        joined = joined + PAIR_SEPARATOR + np.array(part.uniques, dtype=object)[part.codes[rows]]
    keys: list[str] = joined.tolist()
    return keys
