"""The ways to fold a lane, compared with the reference: live, history, whole columns, replay."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from scoring.catalog.event_type import EventType
from scoring.features import opcodes as op
from scoring.features.compile.plan import LanePlan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch, LaneItem, encode
from scoring.features.folding.encode_columns import encode_columns, merge_batches
from scoring.features.folding.fold import fold
from tests.contract.lanes import Lane
from tests.contract.reference.reference import Reference

Rows = list[bytes]


@dataclass(frozen=True)
class Runs:
    """Runs of random lanes of these event types."""

    plan: LanePlan
    members: Sequence[type[EventType]]
    vocabularies: Mapping[str, Mapping[str, Sequence[str]]]

    def reference(self, lane: Lane) -> tuple[Rows, Reference]:
        reference = Reference(self.members, self.vocabularies)
        return [packed(reference.apply(item)) for item in lane.items], reference

    def live(self, lane: Lane) -> tuple[Rows, dict[str, bytes], Mapping[str, int]]:
        """Item by item; every state goes out to bytes and comes back in between."""
        plan, stored = self.plan, dict[str, bytes]()
        saturated = np.zeros(max(1, len(plan.saturables)), dtype=np.int64)
        rows = []
        for item in lane.items:
            batch = encode(plan, [item])
            arena = Arena.from_blobs(plan, {key: stored.get(key) for key in batch.state_keys()})
            rows += rows_of(plan, [item], fold(plan, batch, arena))
            stored.update(arena.blobs())
            saturated += arena.saturated_reads
        counts = {name: int(count) for name, count in zip(plan.saturables, saturated, strict=False) if count}
        return rows, stored, counts

    def check_live(self, lane: Lane) -> None:
        """Live rows, headers of states and saturated reads are the reference's, to the bit."""
        expected, reference = self.reference(lane)
        rows, stored, saturated = self.live(lane)
        self._assert_equal(lane, rows, expected)
        assert saturated == reference.saturated
        header = {
            self._suffix(kinds, values): (history.seq, history.latest(), history.too_late)
            for (kinds, values), history in reference.histories.by_key.items()
            if history.seq  # states that were only read are not stored
        }
        assert {key: _header(blob) for key, blob in stored.items()} == header

    def history(self, lane: Lane, batches: Sequence[Batch]) -> tuple[Rows, dict[str, bytes]]:
        """In bulk, over one arena that goes on from batch to batch."""
        arena = Arena(self.plan, capacity=1)
        out = [fold(self.plan, batch, arena) for batch in batches]
        return rows_of(self.plan, lane.items, np.concatenate(out)), arena.blobs()

    def columns(self, lane: Lane) -> Batch:
        """The lane read as whole columns, type by type."""
        return merge_batches([self._encode_type(lane, name) for name in sorted(self.plan.encodings)])

    def replay(self, lane: Lane) -> tuple[Rows, dict[str, bytes]]:
        """Part by part, from stored states."""
        blobs, replayed = dict[str, bytes](), list[bytes]()
        for part in cut(lane):
            batch = encode(self.plan, part)
            arena = Arena.from_blobs(self.plan, {key: blobs.get(key) for key in batch.state_keys()})
            replayed += rows_of(self.plan, part, fold(self.plan, batch, arena))
            blobs.update(arena.blobs())
        return replayed, blobs

    def _assert_equal(self, lane: Lane, ours: Rows, expected: Rows) -> None:
        for item, mine, theirs in zip(lane.items, ours, expected, strict=True):
            if mine != theirs:
                features = self.plan.feature_set(item.type)
                names = (*features.names, *features.context_names)
                values = (struct.unpack(f"<{len(row) // 8}d", row) for row in (mine, theirs))
                pairs = zip(names, *values, strict=True)
                wrong = [entry for entry in pairs if struct.pack("d", entry[1]) != struct.pack("d", entry[2])]
                pytest.fail(f"item {item.seq}: (name, kernel, reference) {wrong}")

    def _encode_type(self, lane: Lane, event_type: str) -> Batch:
        items = [item for item in lane.items if item.type == event_type]
        names = sorted({name for item in items for name in item.fields})
        heads = {
            "seq": [item.seq for item in items],
            "occurred_at_us": [item.occurred_at_us for item in items],
            "mode": [item.kind for item in items],
            "positive_delta": [item.positive_delta for item in items],
        }
        columns = {name: [_cell(item, name) for item in items] for name in names}
        return encode_columns(self.plan, event_type, {**heads, **columns})

    def _suffix(self, kinds: tuple[str, ...], values: tuple[str, ...]) -> str:
        index = next(kind.index for kind in self.plan.entity_kinds if kind.fields == kinds)
        return f"{index}:" + "\x1f".join(values)


def cut(lane: Lane) -> list[tuple[LaneItem, ...]]:
    return [lane.items[start:end] for start, end in pairwise([0, *lane.cuts, len(lane.items)])]


def packed(row: list[float] | None) -> bytes:
    row = [] if row is None else [float("nan") if math.isnan(value) else value for value in row]
    return struct.pack(f"<{len(row)}d", *row)


def rows_of(plan: LanePlan, items: Sequence[LaneItem], out: np.ndarray) -> Rows:
    """Each item's row without the columns that its type does not have (which must be NaN)."""
    rows = []
    for item, row in zip(items, out, strict=True):
        scored = item.kind == "event" and item.type in plan.sets
        columns = _columns(plan, item.type) if scored else np.empty(0, dtype=np.int64)
        assert np.isnan(np.delete(row, columns)).all()
        rows.append(packed(row[columns].tolist()))
    return rows


def _columns(plan: LanePlan, event_type: str) -> np.ndarray:
    features = plan.feature_set(event_type)
    return np.concatenate([features.columns, features.context_columns])


def _cell(item: LaneItem, name: str) -> object:
    value = item.fields.get(name)
    return value.get("base_minor", value["minor"]) if isinstance(value, dict) else value


def _header(blob: bytes) -> tuple[int, int | None, int]:
    words = np.frombuffer(blob, dtype="<i8")
    latest = int(words[op.LATEST])
    return int(words[op.SEQ]), None if latest == op.NEVER else latest, int(words[op.TOO_LATE])
