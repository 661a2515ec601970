"""Log entries as Arrow tables: whole pages are parsed at once, with values as in the log."""

from collections.abc import Collection, Mapping

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Field, Flag, Money, Number, Text
from scoring.catalog.media.attachments import Attachments
from scoring.declare import Signal
from scoring.features.folding.encode import KeyColumn
from scoring.lanes.amendments import RECEIVED, RETRACTED
from scoring.log.texts import Texts, first_positions

MOMENT = pa.timestamp("us", tz="UTC")
NAMES = pa.dictionary(pa.int32(), pa.string())  # strings of which many rows share one
_AMOUNT = pa.struct([("minor", pa.int64()), ("base_minor", pa.int64())])
_LONGEST_ROW = 16 << 20  # bytes the JSON reader takes at a time; an entry is far smaller

# Underscores keep the log's own columns apart from the fields a type declares.
EVENT_HEAD = {
    "_position": pa.int64(),
    "_epoch": pa.int64(),
    "_txid": pa.int64(),
    "_source": NAMES,
    "_id": pa.string(),
    "_occurred_at": MOMENT,
    "_recorded_at": MOMENT,
    "_history": pa.bool_(),
}
LABELS = pa.schema(
    {
        "position": pa.int64(),
        "epoch": pa.int64(),
        "txid": pa.int64(),
        "event": pa.string(),
        "event_type": NAMES,
        "event_position": pa.int64(),  # null where the label was exported before its event had arrived
        "known_at": MOMENT,
        "recorded_at": MOMENT,
        "source": NAMES,
        "value": NAMES,
        "previous": NAMES,
        "effective": NAMES,
        "effective_policies": NAMES,  # those of the effective label, joined by commas; null without any
        "history": pa.bool_(),
    }
)
AMENDED = pa.schema(
    {
        "position": pa.int64(),
        "epoch": pa.int64(),
        "txid": pa.int64(),
        "event": pa.string(),
        "event_type": NAMES,
        "event_position": pa.int64(),
        "version": pa.int64(),  # that holds from then on
        "retracted": pa.bool_(),
        "reason": pa.string(),
        "recorded_at": MOMENT,
    }
)
ORDER = pa.schema(
    {
        "lane": NAMES,
        "lane_order": pa.int64(),
        "seq": pa.int64(),
        "position": pa.int64(),
        "sequenced_at": pa.int64(),  # the position of the `lane.sequenced` that says so
        "epoch": pa.int64(),
        "txid": pa.int64(),
    }
)


def column_type(field: Field) -> pa.DataType:
    """The stored type of a field: money as minor units of the base currency, personal values as digests."""
    if field.personal:
        return NAMES
    if isinstance(field, Money):
        return pa.int64()
    if isinstance(field, Number):
        return pa.float64()
    if isinstance(field, Flag):
        return pa.bool_()
    return pa.string() if isinstance(field, (Text, Attachments)) else NAMES


def signal_type(signal: Signal) -> pa.DataType:
    """The stored type of a signal."""
    if signal.is_category:
        return NAMES
    return pa.bool_() if signal.is_flag else pa.float64()


def event_schema(kind: type[EventType], fields: Collection[str] | None = None) -> pa.Schema:
    """The columns of an event type, with all its fields and signals or with these."""
    types = {name: column_type(field) for name, field in kind.fields.items()}
    types |= {column: signal_type(signal) for column, signal in kind.signals.items()}
    chosen = {name: stored for name, stored in types.items() if fields is None or name in fields}
    return pa.schema(EVENT_HEAD | chosen)


def rows_by_type(texts: Texts, types: Collection[str] = (RECEIVED,)) -> dict[str, NDArray[np.int64]]:
    """The rows of the entries of these types (receipts without) of each event type."""
    received = np.flatnonzero(np.isin(texts.types, list(types)))
    codes, names = pd.factorize(
        np.array([texts.streams[row].split("/", 1)[0] for row in received.tolist()], dtype=object)
    )
    return {str(name): received[codes == code] for code, name in enumerate(names)}


def event_table(kind: type[EventType], texts: Texts, fields: Collection[str] | None = None) -> pa.Table:
    """A row for each of these versions of events of one type, with all its fields or with these."""
    schema = event_schema(kind, fields)
    names = [name for name in kind.fields if name in schema.names]
    signals = [name for name in kind.signals if name in schema.names]
    parts = pa.struct([(name, _parsed_type(kind.fields[name], schema.field(name).type)) for name in names])
    parsed = _parse(
        texts,
        {
            "fields": parts,
            "signals": pa.struct([(name, _json_type(schema.field(name).type)) for name in signals]),
            "history": pa.bool_(),
            "id": pa.string(),
            "occurred_at": pa.string(),
            "source": pa.string(),
        },
    )
    columns = {
        "_position": pa.array(texts.positions),
        "_epoch": pa.array(texts.epochs),
        "_txid": pa.array(texts.txids),
        "_source": parsed["source"],
        "_id": parsed["id"],
        "_occurred_at": parsed["occurred_at"],
        "_recorded_at": pa.array(texts.recorded_at_us),
        "_history": pc.fill_null(parsed["history"], False),
        **{name: _field_column(parsed["fields"], name) for name in names},
        **{name: _field_column(parsed["signals"], name) for name in signals},
    }
    return pa.table({name: as_type(columns[name], schema.field(name).type) for name in schema.names})


def label_table(texts: Texts) -> pa.Table:
    """A row for each of these `label.recorded` and `label.retracted` entries (LABELS)."""
    words = ("event", "known_at", "source", "value", "previous", "effective")
    named = {"effective_policies": pa.list_(pa.string())}
    parsed = _parse(texts, {**dict.fromkeys(words, pa.string()), **named, "history": pa.bool_()})
    streams = parsed["event"].to_pylist()
    columns = {
        **{word: parsed[word] for word in words},
        "effective_policies": _joined(parsed["effective_policies"]),
        "position": pa.array(texts.positions),
        "epoch": pa.array(texts.epochs),
        "txid": pa.array(texts.txids),
        "event_type": pa.array([stream.split("/", 1)[0] for stream in streams], pa.string()),
        "event_position": _positions_of(streams),
        "recorded_at": pa.array(texts.recorded_at_us),
        "history": pc.fill_null(parsed["history"], False),
    }
    return pa.table({name: as_type(columns[name], LABELS.field(name).type) for name in LABELS.names})


def amendment_table(texts: Texts) -> pa.Table:
    """A row for each of these entries of the types AMENDMENTS (AMENDED)."""
    numbers = {"event_position": pa.int64(), "version": pa.int64()}
    parsed = _parse(texts, {**numbers, "type": pa.string(), "reason": pa.string()})
    columns = {
        "position": pa.array(texts.positions),
        "epoch": pa.array(texts.epochs),
        "txid": pa.array(texts.txids),
        "event": pa.array(texts.streams, pa.string()),
        "event_type": parsed["type"],
        "event_position": parsed["event_position"],
        "version": parsed["version"],
        "retracted": pa.array(texts.types == RETRACTED),
        "reason": parsed["reason"],
        "recorded_at": pa.array(texts.recorded_at_us),
    }
    return pa.table({name: as_type(columns[name], AMENDED.field(name).type) for name in AMENDED.names})


def order_table(texts: Texts) -> pa.Table:
    """A row for each item that these `lane.sequenced` entries gave a seq (ORDER)."""
    parts = [np.frombuffer(packed or b"", dtype="<i8") for packed in texts.packed]
    sizes = [len(part) for part in parts]
    heads = [orjson.loads(text) for text in texts.data]
    seqs = [head["first_seq"] + np.arange(size) for head, size in zip(heads, sizes, strict=True)]
    lanes = [stream.partition("/")[2] for stream in texts.streams]
    columns = {
        "lane": np.repeat(np.array(lanes, dtype=object), sizes),
        "lane_order": np.repeat(np.array([head["order"] for head in heads], dtype=np.int64), sizes),
        "seq": np.concatenate([np.empty(0, np.int64), *seqs]),
        "position": np.concatenate([np.empty(0, np.int64), *parts]),
        "sequenced_at": np.repeat(texts.positions, sizes),
        "epoch": np.repeat(texts.epochs, sizes),
        "txid": np.repeat(texts.txids, sizes),
    }
    return pa.table({name: pa.array(columns[name], ORDER.field(name).type) for name in ORDER.names})


def resolve_event_positions(labels: pa.Table) -> pa.Table:
    """`labels` with the positions of events that arrived after them; unknown ones stay null."""
    missing = pc.is_null(labels["event_position"])
    if not pc.any(missing).as_py():
        return labels
    found = _positions_of(labels["event"].filter(missing).to_pylist())
    column = pc.replace_with_mask(labels["event_position"].combine_chunks(), missing.combine_chunks(), found)
    return labels.set_column(labels.schema.get_field_index("event_position"), "event_position", column)


def coded(column: pa.ChunkedArray) -> KeyColumn:
    """A column of strings as codes and the distinct strings that occur."""
    array = column.unify_dictionaries().combine_chunks() if pa.types.is_dictionary(column.type) else column
    if not pa.types.is_dictionary(array.type):
        array = array.combine_chunks().dictionary_encode()
    if isinstance(array, pa.ChunkedArray):  # of no rows
        return KeyColumn(np.empty(0, dtype=np.int64), [])
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    used = np.zeros(len(array.dictionary) + 1, dtype=bool)
    used[codes] = True
    used[-1] = False
    renumbered = np.append(np.cumsum(used[:-1]) - 1, -1)
    return KeyColumn(renumbered[codes], array.dictionary.filter(pa.array(used[:-1])).to_pylist())


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column of numbers, amounts or flags as float64, NaN where missing."""
    values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return values


def integers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A column without nulls of positions or moments (microseconds since 1970) as int64."""
    values: NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
    return values


def as_type(column: pa.Array | pa.ChunkedArray, wanted: pa.DataType) -> pa.Array | pa.ChunkedArray:
    """`column` as the stored type: names by dictionary, times from ISO 8601 or microseconds."""
    if wanted == NAMES and column.type != NAMES:
        return pc.dictionary_encode(column.cast(pa.string()))
    return column if column.type == wanted else column.cast(wanted)


def _parsed_type(field: Field, stored: pa.DataType) -> pa.DataType:
    if isinstance(field, Money) and not field.personal:
        return _AMOUNT
    return _json_type(stored)


def _joined(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists of names as texts, joined by commas; null for none."""
    joined = pc.binary_join(lists, ",")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)


def _json_type(stored: pa.DataType) -> pa.DataType:
    return pa.string() if stored == NAMES else stored


def _field_column(fields: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    column = pc.struct_field(fields, [name])
    if column.type != _AMOUNT:
        return column
    return pc.coalesce(pc.struct_field(column, ["base_minor"]), pc.struct_field(column, ["minor"]))


def _parse(texts: Texts, columns: Mapping[str, pa.DataType]) -> pa.Table:
    schema = pa.schema(columns)
    if not len(texts):
        return schema.empty_table()
    return pj.read_json(
        pa.BufferReader("\n".join(texts.data).encode()),
        read_options=pj.ReadOptions(block_size=_LONGEST_ROW),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )


def _positions_of(streams: list[str]) -> pa.Array:
    known = first_positions(set(streams)) if streams else {}
    return pa.array([known.get(stream) for stream in streams], pa.int64())
