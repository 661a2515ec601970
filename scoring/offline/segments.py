"""Events held in memory as columns, found by their log position."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.lanes.amendments import VERSIONS
from scoring.log.errors import EntryNotFound
from scoring.log.texts import Texts, read_texts
from scoring.offline.columns import EVENT_HEAD, event_table, integers, rows_by_type

Positions = NDArray[np.int64]


class Segment:
    """Rows of one table, by position."""

    def __init__(self, table: pa.Table, *, by: str) -> None:
        positions = integers(table[by])
        order = np.argsort(positions, kind="stable")
        ordered = bool((order[:-1] < order[1:]).all())
        self.positions: Positions = positions if ordered else positions[order]
        self.table = (table if ordered else table.take(order)).combine_chunks()

    def __len__(self) -> int:
        return len(self.positions)

    def find(self, wanted: Positions) -> tuple[Positions, Positions]:
        """(places in `wanted`, rows of the table) of the positions in this segment."""
        if not len(self):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        near = np.flatnonzero((wanted >= self.positions[0]) & (wanted <= self.positions[-1]))
        rows = np.searchsorted(self.positions, wanted[near])
        here = self.positions[rows] == wanted[near]
        return near[here], rows[here]


Segments = list[tuple[str, Segment]]  # with the event type of each


@dataclass
class FoundRows:
    """The rows found for some of the requested positions; `places` says which."""

    places: list[Positions] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=list)

    def add(self, places: Positions, table: pa.Table) -> None:
        self.places.append(places)
        self.tables.append(table)

    def in_order(self) -> tuple[Positions, pa.Table]:
        """All of them, by place."""
        places = np.concatenate(self.places)
        if len(self.tables) == 1 and bool((places[:-1] < places[1:]).all()):
            return places, self.tables[0]
        order = np.argsort(places, kind="stable")
        table = pa.concat_tables(self.tables).unify_dictionaries()
        return places[order], table.combine_chunks().take(order)


def held_columns(kind: type[EventType], fields: Collection[str]) -> list[str]:
    """The wanted columns of a segment of this event type: these fields, and columns of every event."""
    head = [name for name in EVENT_HEAD if name in {"_position", "_occurred_at", *fields}]
    return [*head, *(name for name in (*kind.fields, *kind.signals) if name in fields)]


class EventRows:
    """Events of some types: those of the offline store, and up to `most` of those read from the log since.

    Dropped events are read again on request, because a label can come long after its event. `known`: events
    that the caller has read, with the columns `held_columns`; it may add more.
    """

    def __init__(
        self,
        kinds: Sequence[type[EventType]],
        fields: Collection[str],
        stored: Segments,
        *,
        most: int,
        known: Segments,
    ) -> None:
        self._kinds, self._fields, self._most = kinds, fields, most
        self._stored, self._known = stored, known
        self._read: Segments = []

    def missing(self, wanted: Positions) -> NDArray[np.bool_]:
        """The positions that would have to be read from the log."""
        missing = np.ones(len(wanted), dtype=bool)
        for _, segment in self._segments():
            missing[segment.find(wanted)[0]] = False
        return missing

    def keep(self, texts: Texts) -> None:
        """Keep these entries' events."""
        self._keep(self._parse(texts))

    def find(self, wanted: Positions) -> dict[str, tuple[Positions, pa.Table]]:
        """By event type the (places in `wanted`, rows) of its events. Missing events are read from the log.

        Raises EntryNotFound for a position that is not an event of these types.
        """
        found: dict[str, FoundRows] = {}
        missing = _look_up(self._segments(), wanted, np.arange(len(wanted)), found)
        if len(missing):
            read = self._parse(read_texts(np.unique(wanted[missing])))
            missing = _look_up(read, wanted, missing, found)
            self._keep(read)
        if len(missing):
            raise EntryNotFound(int(wanted[missing[0]]))
        return {name: rows.in_order() for name, rows in found.items()}

    def _parse(self, texts: Texts) -> Segments:
        of_types = rows_by_type(texts, VERSIONS)
        return [
            (kind.name, self._parse_type(kind, texts.take(of_types[kind.name])))
            for kind in self._kinds
            if kind.name in of_types
        ]

    def _parse_type(self, kind: type[EventType], texts: Texts) -> Segment:
        columns = held_columns(kind, self._fields)
        return Segment(event_table(kind, texts, self._fields).select(columns), by="_position")

    def _keep(self, read: Segments) -> None:
        self._read += read
        while len(self._read) > 1 and sum(len(segment) for _, segment in self._read) > self._most:
            self._read.pop(0)

    def _segments(self) -> Segments:
        return [*self._stored, *self._known, *reversed(self._read)]


def _look_up(
    segments: Segments, wanted: Positions, missing: Positions, found: dict[str, FoundRows]
) -> Positions:
    """Add the rows of the `missing` places of `wanted` to `found`; returns the places still missing."""
    for name, segment in segments:
        if not len(missing):
            break
        places, rows = segment.find(wanted[missing])
        if len(places):
            found.setdefault(name, FoundRows()).add(missing[places], segment.table.take(rows))
            missing = np.delete(missing, places)
    return missing
