"""The order of a lane, read from the log: which entry has which seq, and what it means to the kernel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import orjson
from django.db import connection

from scoring.catalog.registry import event_type
from scoring.features.folding.encode import ItemKind, LaneItem
from scoring.log.entries import NewEntry
from scoring.log.upcasters import upcast_to_current
from scoring.timestamps import from_iso, to_micros

ITEMS_A_CHUNK = 20_000

# A label entry needs its event. An item with an effect folds the version that the effect names.
ITEMS = """
    SELECT entry.position, entry.stream, entry.type, entry.schema_version, entry.data,
           event.position, event.schema_version, event.data
      FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted(position, place)
      JOIN scoring_logentry entry ON entry.position = wanted.position
      LEFT JOIN scoring_logentry event
        ON entry.type LIKE 'label.%%' AND event.stream = substr(entry.stream, 7) AND event.stream_version = 1
     ORDER BY wanted.place
"""


@dataclass(frozen=True, slots=True)
class LaneHead:
    """Where a lane is in the log: what the next `lane.sequenced` builds on.

    A lane has one order at a time. `order` is the version of the `lane.reordered` that began it, 0 for the
    lane's first order.
    """

    lane: str
    order: int = 0
    version: int = 0
    position: int = 0  # of the last entry of the lane's stream
    seq: int = 0  # the last one assigned
    clock_us: int = 0  # latest event time applied

    @property
    def cursor(self) -> str:
        """The cursor in Redis when its states reflect exactly this head."""
        return f"{self.seq}:{self.position}"


class Effect(NamedTuple):
    """What an item of a corrected or retracted event does.

    The entry of such an event can have several seqs: a correction undoes the version before it (`undo`),
    applies its own (`event`) and moves the label counts from one to the other (`label`). `version`: the
    position of the entry whose fields are folded; `event_position`: that of the receipt. Effects are recorded
    with the order, since they depend on what the lane had applied by then.
    """

    kind: ItemKind
    version: int
    positive_delta: int
    event_position: int


Effects = Mapping[int, Effect]  # by seq; most items have none


@dataclass(frozen=True, slots=True)
class LaneRun:
    """A run of a lane's order: the log position of each item, and the head after them."""

    positions: np.ndarray  # int64 [n]
    head: LaneHead
    effects: Effects = field(default_factory=dict)

    @property
    def first_seq(self) -> int:
        return self.head.seq - len(self.positions) + 1

    def up_to(self, head: LaneHead) -> "LaneRun":
        """The part of the run up to an earlier head."""
        effects = {seq: effect for seq, effect in self.effects.items() if seq <= head.seq}
        return LaneRun(self.positions[: head.seq - self.first_seq + 1], head, effects)


def read_head(lane: str) -> LaneHead:
    """The head at the last entry of the lane's stream, or the beginning."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream_version, position, data FROM scoring_logentry"
            " WHERE stream = %s ORDER BY stream_version DESC LIMIT 1",
            [f"lane/{lane}"],
        )
        row = cursor.fetchone()
    return _head(lane, *row) if row else LaneHead(lane)


def read_beginning(lane: str) -> LaneHead:
    """The head before the first item of the lane's present order."""
    order = read_head(lane).order
    return LaneHead(lane, order=order, version=order)


def find_head(lane: str, *, cursor_value: str) -> LaneHead | None:
    """The head that a Redis cursor names, or None if the lane's present order never had it."""
    present = read_head(lane)
    if present.cursor == cursor_value:
        return present
    seq, _, position = cursor_value.partition(":")
    if not (seq.isdigit() and position.isdigit()):
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT stream_version, position, data FROM scoring_logentry WHERE position = %s AND stream = %s",
            [int(position), f"lane/{lane}"],
        )
        row = cursor.fetchone()
    head = _head(lane, *row) if row else LaneHead(lane)
    return head if head.cursor == cursor_value and head.order == present.order else None


def reordered_entry(head: LaneHead, *, reason: str) -> NewEntry:
    """The entry that begins a new order of a lane; the old one stays readable."""
    return NewEntry(
        stream=f"lane/{head.lane}",
        expected_version=head.version,
        type="lane.reordered",
        data={"order": head.version + 1, "first_seq": 1, "count": 0, "clock_us": 0, "reason": reason},
    )


def sequenced_entry(
    head: LaneHead, *, positions: Sequence[int], clock_us: int, effects: Effects | None = None
) -> NewEntry:
    """The entry that assigns the next seqs to these positions. Its version fences off another holder."""
    places = [[seq - head.seq - 1, *effect] for seq, effect in sorted((effects or {}).items())]
    return NewEntry(
        stream=f"lane/{head.lane}",
        expected_version=head.version,
        type="lane.sequenced",
        data={
            "order": head.order,
            "first_seq": head.seq + 1,
            "count": len(positions),
            "clock_us": max(head.clock_us, clock_us),
            **({"effects": places} if places else {}),
        },
        packed=np.asarray(positions, dtype="<i8").tobytes(),
    )


def head_after(head: LaneHead, *, position: int, count: int, clock_us: int) -> LaneHead:
    """The head once a `lane.sequenced` of `count` items is written at `position`."""
    return LaneHead(
        lane=head.lane,
        order=head.order,
        version=head.version + 1,
        position=position,
        seq=head.seq + count,
        clock_us=max(head.clock_us, clock_us),
    )


def iter_lane_runs(lane: str, *, after: LaneHead | None = None, items: int) -> Iterator[LaneRun]:
    """The order beyond `after`, or the lane's present order from its beginning, in runs of about `items`."""
    head = after or read_beginning(lane)
    parts: list[np.ndarray] = []
    effects: dict[int, Effect] = {}
    count = 0
    for row in _lane_rows(lane, head.version):
        reached = _head(lane, *row[:3])
        if reached.order != head.order:
            break
        parts.append(np.frombuffer(row[3], dtype="<i8"))
        effects |= _effects(row[2])
        head, count = reached, count + len(parts[-1])
        if count >= items:
            yield LaneRun(np.concatenate(parts), head, effects)
            parts, effects, count = [], {}, 0
    if parts:
        yield LaneRun(np.concatenate(parts), head, effects)


def read_items(
    positions: np.ndarray, *, first_seq: int, effects: Effects | None = None
) -> tuple[list[LaneItem], np.ndarray]:
    """The items at these log positions, and the positions of their events (int64 [n])."""
    effects = effects or {}
    wanted = positions.tolist()
    for seq, (_, version, *_) in effects.items():
        wanted[seq - first_seq] = version
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, [wanted])
        rows = cursor.fetchall()
    items = []
    event_positions = np.empty(len(rows), dtype=np.int64)
    for place, (position, stream, entry_type, schema, text, event_position, *event) in enumerate(rows):
        seq = first_seq + place
        data = upcast_to_current(entry_type, stream, schema, orjson.loads(text))
        if effect := effects.get(seq):
            items.append(effect_item(seq, effect, data))
            event_positions[place] = effect.event_position
        elif entry_type == "event.received":
            items.append(event_item(seq, data))
            event_positions[place] = position
        else:
            event_schema, event_text = event
            labeled = upcast_to_current(
                "event.received", data["event"], event_schema, orjson.loads(event_text)
            )
            items.append(label_item(seq, data, labeled))
            event_positions[place] = event_position
    return items, event_positions


def count_items_after(head: LaneHead) -> int:
    """How many items the log has beyond `head`."""
    return read_head(head.lane).seq - head.seq


def event_item(seq: int, event: Mapping[str, Any]) -> LaneItem:
    """The item of a received event."""
    return LaneItem(
        seq=seq,
        kind="event",
        type=event["type"],
        occurred_at_us=_micros(event["occurred_at"]),
        fields=values_of(event),
    )


def label_item(seq: int, label: Mapping[str, Any], event: Mapping[str, Any]) -> LaneItem:
    """The item of a label or a retraction: by how much the counts of its event change."""
    return LaneItem(
        seq=seq,
        kind="label",
        type=event["type"],
        occurred_at_us=_micros(event["occurred_at"]),
        fields=values_of(event),
        positive_delta=label_delta(label, type_name=event["type"]),
    )


def effect_item(seq: int, effect: Effect, version: Mapping[str, Any]) -> LaneItem:
    """The item of an amended event; `version` is the data of the entry that is folded."""
    return LaneItem(
        seq=seq,
        kind=effect.kind,
        type=version["type"],
        occurred_at_us=_micros(version["occurred_at"]),
        fields=values_of(version),
        positive_delta=effect.positive_delta,
    )


def label_delta(label: Mapping[str, Any], *, type_name: str) -> int:
    """By how much a label or its retraction changes the number of positives of its event."""
    positive = event_type(type_name).labels.positive
    return (label["effective"] == positive) - (label["previous"] == positive)


def values_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields and signals of a version of an event; entries of earlier releases have no signals."""
    signals = event.get("signals")
    return {**event["fields"], **signals} if signals else event["fields"]


def _lane_rows(lane: str, version: int) -> Iterator[Any]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT stream_version, position, data, packed FROM scoring_logentry"
                " WHERE stream = %s AND stream_version > %s ORDER BY stream_version LIMIT 1000",
                [f"lane/{lane}", version],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        version = rows[-1][0]


def _head(lane: str, version: int, position: int, data: str) -> LaneHead:
    parsed = orjson.loads(data)
    return LaneHead(
        lane=lane,
        order=parsed["order"],
        version=version,
        position=position,
        seq=parsed["first_seq"] + parsed["count"] - 1,
        clock_us=parsed["clock_us"],
    )


def _effects(data: str) -> dict[int, Effect]:
    if '"effects":' not in data:
        return {}
    parsed = orjson.loads(data)
    return {parsed["first_seq"] + place: Effect(*effect) for place, *effect in parsed["effects"]}


def _micros(text: str) -> int:
    return to_micros(from_iso(text))
