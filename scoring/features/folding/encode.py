"""Encodes lane items as the kernel's input columns; `encode_columns` does the same for history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.time_zones import offset_at
from scoring.features import opcodes as op
from scoring.features.compile.plan import Encoding, LanePlan
from scoring.features.hashes import value_hash

ItemKind = Literal["event", "label", "undo"]
MODES: Mapping[str, int] = {"event": op.EVENT, "label": op.LABEL, "undo": op.UNDO}
PAIR_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class LaneItem:
    """One step of a lane.

    event: applies an event and, if its type is scored, computes its vector. label: an event's label changed;
    the item has that event's type, time and fields, and the change in its positive count. undo: takes an
    event that a correction replaces out of counts and sums. `fields` has canonical values, like the log.
    """

    seq: int
    kind: ItemKind
    type: str
    occurred_at_us: int
    fields: Mapping[str, Any]
    positive_delta: int = 0


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """Strings, or keys of one entity kind: per item an index into `uniques`, -1 if it has none.

    `uniques` are distinct, and each occurs in some item.
    """

    codes: NDArray[np.int64]
    uniques: list[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """n items in lane order. `hashes`: 64-bit value hashes, 0 if missing; `values`: NaN if missing.

    `keys`: a column for each of the plan's `key_kinds`, which are `kinds`.
    """

    n: int
    program: NDArray[np.int32]
    times: NDArray[np.int64]
    seqs: NDArray[np.int64]
    deltas: NDArray[np.int64]
    values: NDArray[np.float64]
    hashes: NDArray[np.uint64]
    keys: list[KeyColumn]
    kinds: tuple[int, ...]

    def state_keys(self) -> list[str]:
        """The states that folding this batch reads and writes, as "{kind index}:{key}"."""
        named = zip(self.kinds, self.keys, strict=True)
        return list(dict.fromkeys(f"{kind}:{key}" for kind, column in named for key in column.uniques))


def encode(plan: LanePlan, items: Sequence[LaneItem]) -> Batch:
    """Columns for a few items. Raises KeyError for a type that is not in this lane."""
    batch = empty_batch(plan, len(items))
    seen: list[dict[str, int]] = [{} for _ in batch.keys]
    for row, item in enumerate(items):
        encoding = plan.encodings[item.type]
        mode = MODES[item.kind]
        batch.program[row] = encoding.program + mode
        batch.times[row] = item.occurred_at_us
        batch.seqs[row] = item.seq
        batch.deltas[row] = item.positive_delta
        _encode_fields(batch, row, encoding, item.fields)
        for column, names in encoding.keys[mode]:
            key = _key_of(item.fields, names)
            if key is not None:
                batch.keys[column].codes[row] = seen[column].setdefault(key, len(seen[column]))
    for keys, uniques in zip(batch.keys, seen, strict=True):
        keys.uniques.extend(uniques)
    return batch


def empty_batch(plan: LanePlan, n: int) -> Batch:
    """Columns for `n` items without values and keys yet."""
    return Batch(
        n=n,
        program=np.zeros(n, dtype=np.int32),
        times=np.zeros(n, dtype=np.int64),
        seqs=np.zeros(n, dtype=np.int64),
        deltas=np.zeros(n, dtype=np.int64),
        values=np.full((n, plan.value_columns), np.nan),
        hashes=np.zeros((n, plan.hash_columns), dtype=np.uint64),
        keys=[KeyColumn(np.full(n, -1, dtype=np.int64), []) for _ in plan.key_kinds],
        kinds=plan.key_kinds,
    )


def _encode_fields(batch: Batch, row: int, encoding: Encoding, fields: Mapping[str, Any]) -> None:
    for column, name, value_type in encoding.values:
        value = fields.get(name)
        if value is not None and value_type == "offset":
            batch.values[row, column] = offset_at(value, int(batch.times[row]))
        elif value is not None:
            batch.values[row, column] = _number_of(value, value_type, encoding, name)
    for column, name in encoding.hashes:
        value = fields.get(name)
        if value is not None:
            batch.hashes[row, column] = value_hash(value)


def _number_of(value: Any, value_type: str, encoding: Encoding, name: str) -> float:
    if value_type == "money":
        return float(value.get("base_minor", value["minor"]))
    if value_type == "category":
        return float(encoding.codes[name].get(value, 0))
    return float(value)


def _key_of(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    parts = [fields.get(name) for name in names]
    return None if None in parts else PAIR_SEPARATOR.join(parts)  # type: ignore[arg-type]
