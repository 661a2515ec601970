"""The point-in-time join: a lane's whole order folded once more, with the labels known at a cut-off."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from django.db import connection

from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.lane_log import LaneChunk, iter_lane_items, iter_lane_positions
from scoring.features.arena import Arena
from scoring.features.encode import LaneItem, encode
from scoring.features.fold import fold
from scoring.features.plan import lane_plan
from scoring.learning.training_set import UNLABELLED, LabelTable, VectorTable
from scoring.log.entries import LAST_POSITION

Progress = Callable[[int], None]

LABELS = """
    SELECT event.position, (extract(epoch FROM label.known_at) * 1000000)::bigint, label.effective
      FROM scoring_label label
      JOIN scoring_logentry event ON event.stream = label.event_stream AND event.stream_version = 1
     WHERE starts_with(label.event_stream, %s) AND label.position <= %s
     ORDER BY label.position
"""
ROWS_A_FETCH = 50_000


def read_vectors(
    event_type: str,
    *,
    vocabulary: Mapping[str, Sequence[str]],
    log_position: int | None = None,
    progress: Progress | None = None,
) -> VectorTable:
    """Every sequenced event of the type with the vector it had in the lane's order, under these codes.

    One pass from the lane's beginning with continuing states; a chunk of items is in memory at a time.
    `progress` is called with the number of items done. Entries beyond `log_position` are left out.
    """
    kind = find_event_type(event_type)
    plan = lane_plan(kind.lane, {event_type: vocabulary})
    feature_set = plan.feature_set(event_type)
    arena = Arena(plan)
    collected = _Collected(event_type, width=len(feature_set.names), group_by=first_entity(event_type))
    for chunk in _known_chunks(kind.lane, log_position):
        collected.add(chunk, fold(plan, encode(plan, chunk.items), arena))
        if progress is not None:
            progress(len(chunk.items))
    return VectorTable(
        event_type=event_type,
        feature_names=feature_set.names,
        feature_set=feature_set.hash,
        vocabularies={name: tuple(values) for name, values in vocabulary.items()},
        **collected.columns(),
    )


def read_labels(vectors: VectorTable, *, log_position: int | None = None) -> LabelTable:
    """What was said about these events up to `log_position`, in the order in which it was said."""
    positive = find_event_type(vectors.event_type).labels.positive
    order = np.argsort(vectors.positions)
    ordered = vectors.positions[order]
    rows, known_at, effective = [], [], []
    for positions, moments, values in _fetch_labels(vectors.event_type, log_position):
        place = np.minimum(np.searchsorted(ordered, positions), max(len(ordered) - 1, 0))
        sequenced = ordered[place] == positions if len(ordered) else np.zeros(len(positions), dtype=bool)
        rows.append(order[place[sequenced]])
        known_at.append(moments[sequenced])
        codes = [UNLABELLED if value is None else int(value == positive) for value in values]
        effective.append(np.array(codes, dtype=np.int8)[sequenced])
    if not rows:
        return LabelTable(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int8))
    return LabelTable(np.concatenate(rows), np.concatenate(known_at), np.concatenate(effective))


def first_entity(event_type: str) -> str:
    """The entity field the type declares first: what arms are assigned by and what is resampled together."""
    fields = find_event_type(event_type).fields
    return next(name for name, field in fields.items() if isinstance(field, Entity))


def _known_chunks(lane: str, log_position: int | None) -> Iterator[LaneChunk]:
    """The lane's items without those whose entries lie beyond `log_position`."""
    if log_position is None:
        yield from iter_lane_items(lane)
        return
    known = np.concatenate([np.empty(0, dtype=np.int64), *iter_lane_positions(lane)]) <= log_position
    start = 0
    for chunk in iter_lane_items(lane):
        kept = np.flatnonzero(known[start : start + len(chunk.items)])
        start += len(chunk.items)
        if len(kept):
            yield LaneChunk([chunk.items[row] for row in kept], chunk.event_positions[kept], chunk.head)


class _Collected:
    """Rows of one event type picked out of a lane's chunks."""

    def __init__(self, event_type: str, *, width: int, group_by: str) -> None:
        self._event_type, self._width, self._group_by = event_type, width, group_by
        self._codes: dict[str, int] = {}
        self._X: list[np.ndarray] = []
        self._times: list[np.ndarray] = []
        self._positions: list[np.ndarray] = []
        self._groups: list[np.ndarray] = []

    def add(self, chunk: LaneChunk, out: np.ndarray) -> None:
        rows = [
            row
            for row, item in enumerate(chunk.items)
            if item.kind == "event" and item.type == self._event_type
        ]
        self._X.append(out[rows, : self._width].astype(np.float32))
        self._times.append(np.array([chunk.items[row].occurred_at_us for row in rows], dtype=np.int64))
        self._positions.append(chunk.event_positions[rows])
        self._groups.append(np.array([self._group_of(chunk.items[row]) for row in rows], dtype=np.int64))

    def columns(self) -> dict[str, np.ndarray]:
        if not self._X:
            empty = np.empty(0, dtype=np.int64)
            return {
                "X": np.empty((0, self._width), dtype=np.float32),
                "occurred_at": empty,
                "positions": empty,
                "groups": empty,
            }
        return {
            "X": np.concatenate(self._X),
            "occurred_at": np.concatenate(self._times),
            "positions": np.concatenate(self._positions),
            "groups": np.concatenate(self._groups),
        }

    def _group_of(self, item: LaneItem) -> int:
        return self._codes.setdefault(str(item.fields.get(self._group_by, "")), len(self._codes))


def _fetch_labels(
    event_type: str, log_position: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray, Sequence[str | None]]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(LABELS, [f"{event_type}/", LAST_POSITION if log_position is None else log_position])
        while rows := cursor.fetchmany(ROWS_A_FETCH):
            positions, moments, values = zip(*rows, strict=True)
            yield np.array(positions, dtype=np.int64), np.array(moments, dtype=np.int64), values
