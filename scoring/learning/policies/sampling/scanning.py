"""Reads the decisions of a period and the labels known of them, a chunk at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.intake.amending.retractions import retracted_events

CHUNK = 50_000

_READ = np.dtype(
    [
        *(("decision", "<i8"), ("event", "<i8"), ("score", "<f8"), ("stake", "<f8")),
        *(("blocked", "?"), ("through", "<f8"), ("at", "<f8"), ("propensity", "<f8"), ("listed", "?")),
    ]
)

# The last decision of each event in the period; revisions are few, so that looking for a later one is cheap.
# `through`: the propensity of an event that was explored; `propensity`: that with which a blocked one would
# have been, which its entry alone has. `listed`: decided by a list or a hash bank.
_DECISIONS = """
    SELECT decision.position, decision.event_position, decision.score,
           coalesce(decision.stake::float8, 'NaN'), decision.outcome = 'block',
           coalesce(decision.propensity, 'NaN'), extract(epoch FROM decision.decided_at)::float8,
           CASE WHEN decision.outcome = 'block' THEN coalesce(
               (SELECT (entry.data::json #>> '{exploration,propensity}')::float8 FROM scoring_logentry entry
                 WHERE entry.position = decision.position), 0) ELSE 0 END,
           decision.decided_by IN ('list', 'bank')
      FROM scoring_decision decision
     WHERE decision.position >= %s AND decision.position < %s AND decision.event_type = %s
       AND decision.score IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM scoring_decision later
            WHERE later.event_position = decision.event_position AND later.revision > decision.revision
              AND later.score IS NOT NULL AND later.position < %s)
     ORDER BY decision.position LIMIT %s
"""
_LABELS = """
    SELECT entry.position, latest.effective = %s
      FROM (SELECT DISTINCT ON (event_stream) event_stream, effective FROM scoring_label
             WHERE starts_with(event_stream, %s) ORDER BY event_stream, position DESC) latest
      JOIN scoring_logentry entry ON entry.stream = latest.event_stream AND entry.stream_version = 1
     WHERE latest.effective IS NOT NULL
     ORDER BY entry.position
"""


@dataclass(frozen=True)
class KnownLabels:
    """The events of a type that have a label: positions of their receipts int64[n], rising, and the class."""

    events: NDArray[np.int64]
    positive: NDArray[np.bool_]

    def find(self, events: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which of these events have a label, and which are positive."""
        if not len(self.events):
            return np.zeros(len(events), dtype=bool), np.zeros(len(events), dtype=bool)
        places = np.minimum(np.searchsorted(self.events, events), len(self.events) - 1)
        known = self.events[places] == events
        return known, known & self.positive[places]


def read_labels(kind: type[EventType]) -> KnownLabels:
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, [kind.labels.positive, f"{kind.name}/"])
        rows = cursor.fetchall()
    read = np.array(rows, dtype=[("event", "<i8"), ("positive", "?")])
    return KnownLabels(read["event"].copy(), read["positive"].copy())


def read_decisions(event_type: str, first: int, end: int) -> Iterator[NDArray[Any]]:
    """The decisions at positions in [first, end), a chunk at a time (`_READ`)."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_DECISIONS, [first, end, event_type, end, CHUNK])
            if not (rows := cursor.fetchall()):
                return
            yield np.array(rows, dtype=_READ)
            first = rows[-1][0] + 1


def read_retracted(event_type: str) -> NDArray[np.int64]:
    """The positions of the events that their senders retracted."""
    return np.fromiter(retracted_events(event_type), dtype=np.int64)


def stakes_of(read: NDArray[Any], nominal: int) -> NDArray[np.int64]:
    """The stakes of decisions; `nominal` for an event without an amount."""
    return np.where(np.isnan(read["stake"]), nominal, read["stake"]).astype(np.int64)
