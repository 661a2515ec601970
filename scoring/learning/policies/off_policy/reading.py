"""Mature decisions on which a policy is estimated, with what shows the classes of their events."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.learning.policies.decisions import days_between
from scoring.learning.policies.judged import labels_of
from scoring.learning.policies.sampling.logged import LOGGED_ROW, logged_rows
from scoring.learning.policies.sampling.priority import weighted
from scoring.learning.policies.sampling.scanning import read_decisions, read_retracted
from scoring.learning.policies.sampling.stored import (
    LOGGED,
    MIN_POSITIONS,
    SIZE,
    period_of,
    rows_of,
    stored_sample,
)
from scoring.rules.off_policy.revealing import LoggedEvents
from scoring.rules.rules.trial.sample import positions_since


@dataclass(frozen=True)
class LoggedDecisions:
    """Decisions with a score that were made in `days` until `until`, n of each array.

    `rows`: as `LOGGED_ROW`. `weight` float64[n]: how many decisions each stands for. `drawn_at`: when the
    sample was stored, None for all decisions, read just now.
    """

    source: ClassVar[str] = "logged"

    event_type: str
    rows: NDArray[Any] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    since: datetime
    until: datetime
    drawn_at: datetime | None = None

    @property
    def score(self) -> NDArray[np.float64]:
        return self.rows["score"]

    @property
    def stake(self) -> NDArray[np.int64]:
        return self.rows["stake"]

    @property
    def versions(self) -> NDArray[np.int64]:
        return self.rows["event"]

    @property
    def decisions(self) -> NDArray[np.int64]:
        return self.rows["decision"]

    @property
    def days(self) -> float:
        return days_between(self.since, self.until)

    @property
    def events(self) -> LoggedEvents:
        return LoggedEvents(
            score=self.rows["score"],
            positive=self.rows["positive"],
            revealed=self.rows["revealed"],
            propensity=self.rows["propensity"],
            stake=self.rows["stake"].astype(np.float64),
            weight=self.weight,
        )


def read_logged_decisions(
    kind: type[EventType], *, now: datetime, size: int = SIZE
) -> LoggedDecisions | None:
    """The stored sample, or the `size` decisions of it that matter most; all decisions of a short log.

    None if no decision is mature, or the first sample of a long log is not drawn yet.
    """
    return stored_logged_decisions(kind, now=now, size=size) or _read_all(kind, now=now)


def stored_logged_decisions(
    kind: type[EventType], *, now: datetime, size: int = SIZE
) -> LoggedDecisions | None:
    """The stored sample, or the `size` decisions of it that matter most; None without one."""
    stored = stored_sample(kind.name, LOGGED, now=now)
    if stored is None:
        return None
    rows, weight = weighted(rows_of(stored), size)
    return LoggedDecisions(kind.name, rows, weight, stored.first_at, stored.until, stored.computed_at)


def _read_all(kind: type[EventType], *, now: datetime) -> LoggedDecisions | None:
    since, until = period_of(kind, LOGGED, now=now)
    first, end = positions_since(since)[0], positions_since(until)[0]
    if end - first > MIN_POSITIONS:
        return None
    retracted, found, first_at = read_retracted(kind.name), [np.empty(0, dtype=LOGGED_ROW)], until.timestamp()
    for every in read_decisions(kind.name, first, end):
        first_at = min(first_at, float(every["at"].min()))
        read = every[~np.isin(every["event"], retracted)]
        labels = labels_of(read["event"])
        known = np.array([label is not None for label in labels], dtype=bool)
        positive = np.array([label == kind.labels.positive for label in labels], dtype=bool)
        found.append(logged_rows(read, known, positive, nominal=kind.nominal_stake))
    rows = np.concatenate(found)
    if not len(rows):
        return None
    return LoggedDecisions(kind.name, rows, np.ones(len(rows)), datetime.fromtimestamp(first_at, UTC), until)
