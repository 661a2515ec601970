"""Corrected, enriched and retracted events: what each of their entries does to a lane, in its order.

That depends on what the lane has applied before: a correction undoes the current version and moves the label
counts to the new one; a label counts for the current version. The holder of a lane and the computation of a
new order both use this rule.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.catalog.media.facts import is_pending
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.lanes.order import Effect, Effects, label_delta
from scoring.log.entries import Entry
from scoring.log.read import read_streams

RECEIVED, CORRECTED, RETRACTED = "event.received", "event.corrected", "event.retracted"
# An event of which more is known than when it was received, of its media or texts; the same payload.
ENRICHED = "event.enriched"
REPLACEMENTS = frozenset({CORRECTED, ENRICHED})  # take the place of the version before
VERSIONS = REPLACEMENTS | {RECEIVED}
AMENDMENTS = REPLACEMENTS | {RETRACTED}
ENRICHMENT = "enrichment"
REPLACING = ("correction", ENRICHMENT)  # the kinds of pending entries that are replacements

POSITIONS_A_QUERY = 50_000

_AMENDED = """
    SELECT DISTINCT amendment.event_stream
      FROM scoring_logentry entry
      JOIN scoring_amendment amendment
        ON amendment.event_stream = CASE WHEN entry.type LIKE 'label.%%'
                                         THEN substr(entry.stream, 7) ELSE entry.stream END
     WHERE entry.position = ANY(%s)
"""
_UNAPPLIED = """
    SELECT position FROM scoring_pending
     WHERE position = ANY(%s) AND kind IN ('event', 'label', 'correction', 'enrichment', 'retraction')
"""


@dataclass
class AmendedEvent:
    """An event as far as a lane has applied it.

    `versions`: data of each version by the position of its entry; `labels`: by how much each label entry
    changes the count of positives. `applied_version`: the position of the version in the states, None before
    the first and after the retraction; `positives`: the sum of the applied labels.
    """

    receipt: int
    versions: dict[int, Mapping[str, Any]]
    labels: dict[int, int]
    retractions: Collection[int] = ()
    applied_version: int | None = None
    is_retracted: bool = False
    positives: int = 0

    def mark_applied(self, applied: Iterable[int]) -> None:
        """Mark the entries at these positions as applied, in the order of the log."""
        for position in sorted(applied):
            self.apply(position)

    def apply(self, position: int) -> list[Effect]:
        """What the entry at `position` does to the states: one effect for each seq that it gets."""
        if position in self.labels:
            return [self._count(self.labels[position])]
        replaced, is_stale = self.applied_version, position < (self.applied_version or 0)
        if self.is_retracted or is_stale:  # it was parked, and a later version was applied since
            return [self._no_change()]
        self.is_retracted = position in self.retractions
        self.applied_version = None if self.is_retracted else position
        effects = (
            []
            if replaced is None
            else [*self._label_count_effects(replaced, -1), self._effect("undo", replaced)]
        )
        if self.applied_version is not None:
            effects += [
                self._effect("event", self.applied_version),
                *self._label_count_effects(self.applied_version, 1),
            ]
        return effects or [self._no_change()]

    def _count(self, delta: int) -> Effect:
        self.positives += delta
        return (
            self._no_change()
            if self.applied_version is None
            else self._effect("label", self.applied_version, delta)
        )

    def _label_count_effects(self, version: int, sign: int) -> list[Effect]:
        """Adds the label counts to a version (`sign` 1) or removes them (-1); nothing if they are 0."""
        return [self._effect("label", version, sign * self.positives)] if self.positives else []

    def _no_change(self) -> Effect:
        """The effect of an entry that changes no state but still has its place in the order."""
        return self._effect("label", self.applied_version or self.receipt, 0)

    def _effect(self, kind: Any, version: int, positive_delta: int = 0) -> Effect:
        return Effect(kind, version, positive_delta, self.receipt)


@dataclass
class AmendedEvents:
    """The amended events of a lane, by the positions of all their entries."""

    by_position: dict[int, AmendedEvent] = field(default_factory=dict)

    def effects_of(self, position: int) -> list[Effect] | None:
        """`AmendedEvent.apply`; None for an entry of an event that was never amended."""
        event = self.by_position.get(position)
        return event.apply(position) if event else None


def place_entries(
    positions: NDArray[np.int64], amended: AmendedEvents, *, first_seq: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Effects]:
    """The next part of an order: (position at each seq, index into `positions`, effects).

    An entry of an amended event takes as many seqs as it has effects, and is applied to its event.
    """
    if not amended.by_position:
        return positions, np.arange(len(positions)), {}
    found = {}
    for place in np.flatnonzero(np.isin(positions, list(amended.by_position))).tolist():
        found[place] = amended.effects_of(int(positions[place])) or []
    counts = np.ones(len(positions), dtype=np.int64)
    counts[list(found)] = [len(effects) for effects in found.values()]
    firsts = first_seq + np.cumsum(counts) - counts
    effects = {
        int(firsts[place]) + number: effect
        for place, of_entry in found.items()
        for number, effect in enumerate(of_entry)
    }
    return np.repeat(positions, counts), np.repeat(np.arange(len(positions)), counts), effects


def read_amended(streams: Collection[str], *, applied: bool = True) -> AmendedEvents:
    """These events with all entries applied that are no longer queued, or none unless `applied`."""
    stored = read_streams([*streams, *(f"label/{stream}" for stream in streams)])
    events = [
        amended_event(stored[stream], stored.get(f"label/{stream}", ()))
        for stream in streams
        if stream in stored
    ]
    by_position = {position: event for event in events for position in positions_of(event)}
    if applied:
        unapplied = _unapplied(by_position)
        for event in events:
            event.mark_applied(set(positions_of(event)) - unapplied)
    return AmendedEvents(by_position)


def amended_event(stream: Sequence[Entry], labels: Sequence[Entry]) -> AmendedEvent:
    """An event with nothing applied, from the entries of its stream and of its label stream.

    Versions that a correction dequeued before they were applied are left out.
    """
    dropped = {position for entry in stream for position in entry.data.get("dropped", ())}
    return AmendedEvent(
        receipt=stream[0].position,
        versions={
            entry.position: entry.data
            for entry in stream
            if entry.type in VERSIONS and entry.position not in dropped
        },
        labels={
            entry.position: label_delta(entry.data, type_name=stream[0].data["type"])
            for entry in labels
            if entry.type in LABEL_TYPES
        },
        retractions={entry.position for entry in stream if entry.type == RETRACTED},
    )


def is_enrichment(version: Mapping[str, Any]) -> bool:
    """Whether this is the data of an enrichment, rather than of a receipt or a correction."""
    return "enriches" in version


def awaits_media(version: Mapping[str, Any]) -> bool:
    """Whether a version was received before all media of the event were processed."""
    return is_pending(version.get("media", ()))


def positions_of(event: AmendedEvent) -> list[int]:
    """The positions of all entries that get a place in the lane's order."""
    return [*event.versions, *event.retractions, *event.labels]


def amended_streams(positions: NDArray[np.int64]) -> list[str]:
    """The amended events among those that the entries at `positions` concern."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM scoring_amendment)")
        parts = range(0, len(positions), POSITIONS_A_QUERY) if cursor.fetchone()[0] else ()
        for start in parts:
            cursor.execute(_AMENDED, [positions[start : start + POSITIONS_A_QUERY].tolist()])
            found.update(row[0] for row in cursor.fetchall())
    return sorted(found)


def _unapplied(positions: Collection[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_UNAPPLIED, [list(positions)])
        return {row[0] for row in cursor.fetchall()}
