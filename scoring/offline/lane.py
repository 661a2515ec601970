"""A lane's order in whole columns: exported items come from the offline store, the rest from the log.

The same batches as `scoring.features.folding.encode.encode` makes of the items of `scoring.lanes.order`, a
hundred thousand items at a time.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import lane_members
from scoring.features import opcodes as op
from scoring.features.compile.plan import Encoding, LanePlan
from scoring.features.folding.encode import MODES, Batch
from scoring.features.folding.encode_columns import encode_columns, merge_batches
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.lanes.order import Effect, Effects, LaneHead, LaneRun, iter_lane_runs
from scoring.log.texts import read_texts
from scoring.offline.columns import (
    LABELS,
    coded,
    event_schema,
    integers,
    label_table,
    numbers,
    resolve_event_positions,
)
from scoring.offline.export import check_same_log, present_layout
from scoring.offline.segments import EventRows, Segment, Segments, held_columns
from scoring.offline.store import Manifest, OfflineStore

ITEMS_A_BATCH = 100_000
# For callers that only need states: as fast, and a batch takes most of the memory.
ITEMS_A_FOLD = 25_000
# Events read from the log and kept in memory (some 200 bytes each) for labels that follow. Earlier events are
# read again if a label needs them.
MAX_KEPT = 400_000

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LaneBatch:
    """n consecutive items of a lane as the kernel takes them.

    `is_event`: the items that apply an event or a correction; the others are labels and retractions.
    `event_positions` int64[n]: the log position of the event each item concerns, `versions` int64[n] that of
    the entry whose fields it has: a correction's, or the same. `events`: by event type the (places among the
    n, rows of its table) of the items that concern its events; `head`: the lane's head after the items.
    """

    batch: Batch
    is_event: NDArray[np.bool_]
    event_positions: Positions
    versions: Positions
    events: dict[str, tuple[Positions, pa.Table]]
    head: LaneHead


def iter_lane_batches(
    plan: LanePlan,
    *,
    store: OfflineStore | None = None,
    log_position: int | None = None,
    also: Collection[str] = (),
    after: LaneHead | None = None,
    items: int = ITEMS_A_BATCH,
    runs: Iterable[LaneRun] | None = None,
    known: Segments | None = None,
) -> Iterator[LaneBatch]:
    """The present order of the plan's lane from its beginning, about `items` at a time.

    Entries beyond `log_position` are excluded. `also`: fields, and columns of every event, to include in the
    tables in addition to those that features need. `after`: start after this head, in its order. `runs`:
    these runs instead of the lane's. `known`: events with the columns of `event_fields` that need not be
    read; the caller may add to the list between batches. Values of batch views are missing;
    `scoring.batch.serve.joining` adds them. Raises OfflineStoreOfAnotherLog.
    """
    source = _Source(plan, store, also, known=[] if known is None else known)
    for run in runs if runs is not None else iter_lane_runs(plan.lane, after=after, items=items):
        included = slice(None) if log_position is None else run.positions <= log_position
        positions = run.positions[included]
        if len(positions):
            seqs = (run.first_seq + np.arange(len(run.positions)))[included]
            yield source.read(positions, seqs=seqs, head=run.head, effects=run.effects)


class _Source:
    """The source of a lane's items."""

    def __init__(
        self, plan: LanePlan, store: OfflineStore | None, also: Collection[str], *, known: Segments
    ) -> None:
        self._plan = plan
        self._kinds = lane_members(plan.lane)
        fields = event_fields(plan, also)
        manifest = store.manifest() if store else Manifest()
        stored: Segments = []
        self._labels = Segment(_effects(LABELS.empty_table(), self._kinds), by="position")
        if store and manifest.files:
            check_same_log(store, manifest)
            stored = _stored_events(store, manifest, self._kinds, fields)
            self._labels = _stored_labels(store, manifest, self._kinds)
        self._events = EventRows(self._kinds, fields, stored, most=MAX_KEPT, known=known)

    def read(self, positions: Positions, *, seqs: Positions, head: LaneHead, effects: Effects) -> LaneBatch:
        """The items at these log positions, or the effects on them."""
        places, noted = _by_place(effects, seqs)
        wanted = positions.copy()
        wanted[places] = [effect.version for effect in noted]
        modes = np.full(len(positions), op.EVENT)
        event_positions, deltas = wanted.copy(), np.zeros(len(positions), dtype=np.int64)
        for labels in (self._labels, self._read_missing(wanted)):
            said, rows = labels.find(wanted)
            modes[said] = op.LABEL
            event_positions[said] = integers(labels.table["event_position"])[rows]
            deltas[said] = integers(labels.table["delta"])[rows]
        modes[places] = [MODES[effect.kind] for effect in noted]
        deltas[places] = [effect.positive_delta for effect in noted]
        versions = event_positions.copy()
        event_positions[places] = [effect.event_position for effect in noted]
        events = self._events.find(versions)
        batch = merge_batches(
            [
                encode_table(
                    self._plan, name, table, seqs=seqs[places], modes=modes[places], deltas=deltas[places]
                )
                for name, (places, table) in events.items()
            ]
        )
        return LaneBatch(batch, modes == op.EVENT, event_positions, versions, events, head)

    def _read_missing(self, positions: Positions) -> Segment:
        """Reads the entries that the store lacks from the log; returns the labels among them."""
        missing = self._events.missing(positions)
        missing[self._labels.find(positions)[0]] = False
        texts = read_texts(positions[missing])
        self._events.keep(texts)
        said = texts.take(np.flatnonzero(np.isin(texts.types, LABEL_TYPES)))
        return Segment(_effects(label_table(said), self._kinds), by="position")


def _by_place(effects: Effects, seqs: Positions) -> tuple[Positions, list[Effect]]:
    """The places among `seqs` of those effects that are there, and these."""
    wanted = np.array(list(effects), dtype=np.int64)
    found = np.isin(wanted, seqs)
    return np.searchsorted(seqs, wanted[found]), [effects[seq] for seq in wanted[found].tolist()]


def encode_table(
    plan: LanePlan,
    name: str,
    table: pa.Table,
    *,
    seqs: Positions,
    modes: NDArray[np.int64],
    deltas: NDArray[np.int64],
) -> Batch:
    """The batch of items that concern events of one type, a row of `table` each."""
    encoding = plan.encodings[name]
    strings = strings_of(encoding)
    return encode_columns(
        plan,
        name,
        {
            "seq": seqs,
            "occurred_at_us": integers(table["_occurred_at"]),
            "mode": modes,
            "positive_delta": deltas,
            **{field: coded(table[field]) for field in strings},
            **{field: numbers(table[field]) for field in fields_of(encoding) - strings},
        },
    )


def strings_of(encoding: Encoding) -> set[str]:
    """The fields that enter the kernel as names: categories, time zones, values of maps, parts of keys."""
    return {
        *(name for _, name, value_type in encoding.values if value_type in ("category", "offset")),
        *(name for _, name in encoding.hashes),
        *(name for keys in encoding.keys for _, names in keys for name in names),
    }


def fields_of(encoding: Encoding) -> set[str]:
    """Every field that enters the kernel; and every signal of a text; values of batch views are none."""
    return strings_of(encoding) | {name for _, name, value_type in encoding.values if value_type != "batch"}


def event_fields(plan: LanePlan, also: Collection[str] = ()) -> set[str]:
    """The fields and columns of events that the batches of a plan's lane are made of."""
    return {name for encoding in plan.encodings.values() for name in fields_of(encoding)} | set(also)


def _stored_events(
    store: OfflineStore, manifest: Manifest, kinds: Sequence[type[EventType]], fields: Collection[str]
) -> Segments:
    """The stored events and corrections of each type that was stored with the fields it has now."""
    present = present_layout()
    segments = []
    for kind in kinds:
        if manifest.layout.get(f"events/type={kind.name}") != present[f"events/type={kind.name}"]:
            continue
        columns, schema = held_columns(kind, fields), event_schema(kind)
        for directory in ("events", "corrections"):
            rows = store.read(
                f"{directory}/type={kind.name}", manifest=manifest, columns=columns, schema=schema
            )
            segments.append((kind.name, Segment(rows.unify_dictionaries(), by="_position")))
    return segments


def _stored_labels(store: OfflineStore, manifest: Manifest, kinds: Sequence[type[EventType]]) -> Segment:
    columns = ["position", "event", "event_type", "event_position", "previous", "effective"]
    labels = store.read("labels", manifest=manifest, columns=columns, schema=LABELS)
    return Segment(_effects(labels, kinds), by="position")


def _effects(labels: pa.Table, kinds: Sequence[type[EventType]]) -> pa.Table:
    """Per label of these types and of an event that arrived: by how much its count as positive changes."""
    parts = [_effects_of(labels.filter(pc.equal(labels["event_type"], kind.name)), kind) for kind in kinds]
    return pa.concat_tables(parts)


def _effects_of(labels: pa.Table, kind: type[EventType]) -> pa.Table:
    labels = resolve_event_positions(labels)
    positive = {
        name: pc.fill_null(pc.equal(labels[name], kind.labels.positive), False).cast(pa.int64())
        for name in ("previous", "effective")
    }
    effects = pa.table(
        {
            "position": labels["position"],
            "event_position": labels["event_position"],
            "delta": pc.subtract(positive["effective"], positive["previous"]),
        }
    )
    return effects.filter(pc.is_valid(effects["event_position"]))
