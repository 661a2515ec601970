"""Samples of decisions, drawn in the background from all of a period, so that a page reads only the sample.

The more a decision matters for a policy, the likelier it is drawn: all fraud and all high scores, as long as
they fit, and few of the many with a low score, each of which then stands for many.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types
from scoring.learning.policies.sampling.logged import LOGGED_ROW, logged_rows, reveal_read
from scoring.learning.policies.sampling.models import DecisionSample
from scoring.learning.policies.sampling.priority import PrioritySample, importance_of, uniform_of
from scoring.learning.policies.sampling.scanning import (
    KnownLabels,
    read_decisions,
    read_labels,
    read_retracted,
    stakes_of,
)
from scoring.rules.rules.trial.sample import positions_since

Purpose = DecisionSample.Purpose
JUDGED, RECENT, LOGGED = Purpose.JUDGED, Purpose.RECENT, Purpose.LOGGED
# Of decisions, counted back from the last one; whole weeks of recent ones, because days of the week differ.
SPANS = {JUDGED: timedelta(days=60), LOGGED: timedelta(days=60), RECENT: timedelta(days=28)}
SIZE = 20_000
MIN_POSITIONS = 5_000  # of the log; fewer are read completely by the page
MAX_AGE, MAX_AGE_OF_FEW = timedelta(hours=20), timedelta(hours=1)  # of a sample, which is then drawn anew
FEW = 100_000  # decisions, which are quickly read
KEPT = timedelta(days=7)  # how long an older one is still better than none

ROW = np.dtype(
    [
        *(("decision", "<i8"), ("event", "<i8"), ("score", "<f8"), ("stake", "<i8")),
        *(("inverse", "<f8"), ("positive", "?"), ("importance", "<f8"), ("priority", "<f8")),
    ]
)


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
    """The rows of a sample, those of the highest priorities first: `LOGGED_ROW` for LOGGED, else `ROW`."""
    return np.frombuffer(sample.rows, dtype=LOGGED_ROW if sample.purpose == LOGGED else ROW)


def period_of(kind: type[EventType], purpose: Purpose, *, now: datetime) -> tuple[datetime, datetime]:
    """The period whose decisions are sampled."""
    until = now if purpose == RECENT else now - kind.matures_after
    return until - SPANS[purpose], until


def draw_sample(kind: type[EventType], purpose: Purpose, *, now: datetime) -> bool:
    """Read all decisions of the period once, and store a sample of them. False if there are few, or none.

    Of mature events, retracted ones are left out, and decisions that do not reveal the class (`reveal`);
    `unknown` counts those whose class nothing shows. A sample that has these too, LOGGED, is stored along
    with that of JUDGED.
    """
    since, until = period_of(kind, purpose, now=now)
    first, end = positions_since(since)[0], positions_since(until)[0]
    if end - first <= MIN_POSITIONS:
        return False
    drawing = _Drawing(kind, read_labels(kind) if purpose == JUDGED else None)
    for read in read_decisions(kind.name, first, end):
        drawing.add(read)
    if drawing.first_at is None:
        return False
    values = {
        "since": since,
        "until": until,
        "first_at": datetime.fromtimestamp(drawing.first_at, UTC),
        "computed_at": now,
    }
    for stored, counted in drawing.samples(purpose):
        DecisionSample.objects.update_or_create(
            event_type=kind.name, purpose=stored, defaults={**values, **counted}
        )
    return True


class _Drawing:
    """Samples of decisions that are read chunk by chunk. `labels`: None if classes do not matter."""

    def __init__(self, kind: type[EventType], labels: KnownLabels | None) -> None:
        self.first_at: float | None = None
        self._nominal, self._labels = kind.nominal_stake, labels
        self._retracted = read_retracted(kind.name) if labels is not None else np.empty(0, dtype=np.int64)
        self._sample, self._logged = PrioritySample(SIZE, ROW), PrioritySample(SIZE, LOGGED_ROW)
        self._decisions = self._unknown = self._all = 0

    def add(self, read: NDArray[Any]) -> None:
        at = float(read["at"].min())
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        read = read[~np.isin(read["event"], self._retracted)]
        kept = np.ones(len(read), dtype=bool)
        positive = unknown = np.zeros(len(read), dtype=bool)
        if self._labels is not None:
            known, positive = self._labels.find(read["event"])
            kept, propensity = reveal_read(read, known)
            unknown = propensity <= 0
            logged = logged_rows(read, known, positive, nominal=self._nominal)
            self._logged.add(logged)
            self._all += len(logged)
        self._sample.add(_rows(read[kept], positive[kept], nominal=self._nominal))
        self._decisions += int(kept.sum())
        self._unknown += int(unknown.sum())

    def samples(self, purpose: Purpose) -> list[tuple[Purpose, dict[str, Any]]]:
        """What is stored of the sample of a purpose, and of that of LOGGED if classes matter."""
        rows = self._sample.rows().tobytes()
        found = [(purpose, {"decisions": self._decisions, "unknown": self._unknown, "rows": rows})]
        if self._labels is not None:
            logged = {"decisions": self._all, "unknown": 0, "rows": self._logged.rows().tobytes()}
            found.append((LOGGED, logged))
        return found


def _is_due(kind: type[EventType], purpose: Purpose, *, now: datetime) -> bool:
    stored = DecisionSample.objects.filter(event_type=kind.name, purpose=purpose).defer("rows").first()
    if stored is None:
        return True
    if purpose == JUDGED and not DecisionSample.objects.filter(event_type=kind.name, purpose=LOGGED).exists():
        return True  # drawn by a version of Assay that did not draw the other one
    return now - stored.computed_at >= (MAX_AGE_OF_FEW if stored.decisions < FEW else MAX_AGE)


def _rows(read: NDArray[Any], positive: NDArray[np.bool_], *, nominal: int) -> NDArray[Any]:
    """Decisions as they are sampled. `nominal`: the stake of an event without an amount."""
    rows = np.empty(len(read), dtype=ROW)
    for name in ("decision", "event", "score"):
        rows[name] = read[name]
    rows["inverse"] = 1 / np.where(np.isnan(read["through"]), 1.0, read["through"])
    rows["stake"] = stakes_of(read, nominal)
    rows["positive"] = positive
    rows["importance"] = importance_of(read["score"], positive) * rows["inverse"]
    rows["priority"] = rows["importance"] / uniform_of(read["event"])
    return rows
