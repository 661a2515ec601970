"""Samples of decisions, drawn in the background from all of a period, so that a page reads only the sample.

The more a decision matters for a policy, the likelier it is drawn: all fraud and all high scores, as long as
they fit, and few of the many with a low score, each of which then stands for many.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types
from scoring.learning.policies.sampling.models import DecisionSample
from scoring.learning.policies.sampling.priority import PrioritySample, uniform_of
from scoring.rules.rules.trial.sample import positions_since

Purpose = DecisionSample.Purpose
JUDGED, RECENT = Purpose.JUDGED, Purpose.RECENT
# Of decisions, counted back from the last one; whole weeks of recent ones, because days of the week differ.
SPANS = {JUDGED: timedelta(days=60), RECENT: timedelta(days=28)}
SIZE = 20_000
MIN_POSITIONS = 5_000  # of the log; fewer are read completely by the page
MAX_AGE, MAX_AGE_OF_FEW = timedelta(hours=20), timedelta(hours=1)  # of a sample, which is then drawn anew
FEW = 100_000  # decisions, which are quickly read
KEPT = timedelta(days=7)  # how long an older one is still better than none
CHUNK = 50_000
FLOOR = 0.01  # the importance of a decision with a score of 0

ROW = np.dtype(
    [
        *(("decision", "<i8"), ("event", "<i8"), ("score", "<f8"), ("stake", "<i8")),
        *(("inverse", "<f8"), ("positive", "?"), ("importance", "<f8"), ("priority", "<f8")),
    ]
)
_READ = np.dtype(
    [
        *(("decision", "<i8"), ("event", "<i8"), ("score", "<f8"), ("stake", "<f8")),
        *(("blocked", "?"), ("inverse", "<f8"), ("at", "<f8")),
    ]
)

# The last decision of each event in the period; revisions are few, so that looking for a later one is cheap.
_DECISIONS = """
    SELECT decision.position, decision.event_position, decision.score,
           coalesce(decision.stake::float8, 'NaN'), decision.outcome = 'block',
           1 / coalesce(decision.propensity, 1), extract(epoch FROM decision.decided_at)::float8
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


def refresh_samples(*, now: datetime) -> list[str]:
    """Draw what is missing or old, of event types with enough decisions. Returns what was drawn."""
    drawn = []
    for kind in event_types().values():
        for purpose in (JUDGED, RECENT) if kind.scored else ():
            if _is_due(kind, purpose, now=now) and draw_sample(kind, purpose, now=now):
                drawn.append(f"{kind.name}/{purpose.value}")
    return drawn


def stored_sample(event_type: str, purpose: Purpose, *, now: datetime) -> DecisionSample | None:
    """The latest sample; None if there is none, or only one that is out of date."""
    found = DecisionSample.objects.filter(event_type=event_type, purpose=purpose, computed_at__gt=now - KEPT)
    return found.first()


def rows_of(sample: DecisionSample) -> NDArray[Any]:
    """The rows of a sample, those of the highest priorities first (`ROW`)."""
    return np.frombuffer(sample.rows, dtype=ROW)


def period_of(kind: type[EventType], purpose: Purpose, *, now: datetime) -> tuple[datetime, datetime]:
    """The period whose decisions are sampled."""
    until = now - kind.matures_after if purpose == JUDGED else now
    return until - SPANS[purpose], until


def draw_sample(kind: type[EventType], purpose: Purpose, *, now: datetime) -> bool:
    """Read all decisions of the period once, and store a sample of them. False if there are few, or none.

    `unknown` decisions of mature events are left out: what was blocked and has no label may be either.
    """
    since, until = period_of(kind, purpose, now=now)
    first, end = positions_since(since)[0], positions_since(until)[0]
    if end - first <= MIN_POSITIONS:
        return False
    judged = purpose == JUDGED
    labels = _read_labels(kind) if judged else None
    sample, decisions, unknown, first_at = PrioritySample(SIZE, ROW), 0, 0, None
    for read in _read_decisions(kind.name, first, end):
        at = float(read["at"].min())
        first_at = at if first_at is None else min(first_at, at)
        kept = np.ones(len(read), dtype=bool)
        positive = np.zeros(len(read), dtype=bool)
        if labels is not None:
            known, positive = labels.find(read["event"])
            kept = known | ~read["blocked"]
        sample.add(_rows(read[kept], positive[kept], nominal=kind.nominal_stake))
        decisions, unknown = decisions + int(kept.sum()), unknown + int((~kept).sum())
    if first_at is None:
        return False
    values = {
        "since": since,
        "until": until,
        "first_at": datetime.fromtimestamp(first_at, UTC),
        "decisions": decisions,
        "unknown": unknown,
        "rows": sample.rows().tobytes(),
        "computed_at": now,
    }
    DecisionSample.objects.update_or_create(event_type=kind.name, purpose=purpose, defaults=values)
    return True


def _is_due(kind: type[EventType], purpose: Purpose, *, now: datetime) -> bool:
    stored = DecisionSample.objects.filter(event_type=kind.name, purpose=purpose).defer("rows").first()
    if stored is None:
        return True
    return now - stored.computed_at >= (MAX_AGE_OF_FEW if stored.decisions < FEW else MAX_AGE)


def _read_labels(kind: type[EventType]) -> KnownLabels:
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, [kind.labels.positive, f"{kind.name}/"])
        rows = cursor.fetchall()
    read = np.array(rows, dtype=[("event", "<i8"), ("positive", "?")])
    return KnownLabels(read["event"].copy(), read["positive"].copy())


def _read_decisions(event_type: str, first: int, end: int) -> Iterator[NDArray[Any]]:
    """The decisions at positions in [first, end), a chunk at a time (`_READ`)."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_DECISIONS, [first, end, event_type, end, CHUNK])
            if not (rows := cursor.fetchall()):
                return
            yield np.array(rows, dtype=_READ)
            first = rows[-1][0] + 1


def _rows(read: NDArray[Any], positive: NDArray[np.bool_], *, nominal: int) -> NDArray[Any]:
    """Decisions as they are sampled. `nominal`: the stake of an event without an amount."""
    rows = np.empty(len(read), dtype=ROW)
    for name in ("decision", "event", "score", "inverse"):
        rows[name] = read[name]
    rows["stake"] = np.where(np.isnan(read["stake"]), nominal, read["stake"]).astype(np.int64)
    rows["positive"] = positive
    rows["importance"] = np.where(positive, 1.0, np.minimum(FLOOR + read["score"], 1.0)) * read["inverse"]
    rows["priority"] = rows["importance"] / uniform_of(read["event"])
    return rows
