"""The payments of the run: simulated customers who pay at merchants of two senders, with delayed labels.

A frame has the columns of `demo.simulation.payloads.COLUMNS` and `label`, `label_known_at`, and besides:
`sent_at`, when the event is submitted; `source`, the sender; and `fraud`, the truth that reviewers know.
Faults change frames (`benchmarks.faults.changes`).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from demo.simulation.history import MAX_SCENARIO_DAYS, customers_for, draw_days
from demo.simulation.payloads import to_payload
from demo.simulation.population import make_population
from demo.simulation.sender import label_body
from scoring.timestamps import to_iso

NORTH, SOUTH = "north", "south"
SOURCES = (NORTH, SOUTH)
SHARE_OF_NORTH = 60  # percent of the merchants
SEED = 1
MAX_LISTED = 500  # events in a request


@dataclass(frozen=True)
class SentEvents:
    """Payloads that a sender submits in one request."""

    source: str
    payloads: list[dict[str, Any]]


@dataclass(frozen=True)
class StatedLabel:
    """A label that a sender states about one of its events: the request body of the API."""

    source: str
    body: dict[str, Any]


def draw_traffic(*, since: datetime, until: datetime, rate: float) -> pd.DataFrame:
    """The events that occur in [since, until), in the order of their submission."""
    population = make_population(customers=customers_for(rate), seed=SEED)
    first = since - timedelta(days=MAX_SCENARIO_DAYS)
    frame = draw_days(population, first=first.date(), until=until, rate=rate)
    frame = frame[frame.occurred_at >= since].reset_index(drop=True)
    return frame.assign(
        # The format of a stranger's device does not give it away.
        device=frame.device.str.replace(r"^dev-x(\d+)$", r"dev-\1-9", regex=True),
        sent_at=frame.occurred_at,
        source=frame.merchant.map({name: source_of(name) for name in frame.merchant.unique()}),
        fraud=(frame.scenario != "") & (frame.type == "payment"),
    )


def source_of(merchant: str) -> str:
    """The sender that processes a merchant's payments, always the same."""
    return NORTH if zlib.crc32(merchant.encode()) % 100 < SHARE_OF_NORTH else SOUTH


class Traffic:
    """A frame in the order of its events' submission, read by time."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame.sort_values("sent_at", kind="stable", ignore_index=True)
        self._sent = pd.DatetimeIndex(self.frame.sent_at)
        known = frame[frame.label.notna() & frame.label_known_at.notna()]
        self._labels = known.sort_values("label_known_at", kind="stable", ignore_index=True)
        self._known = pd.DatetimeIndex(self._labels.label_known_at)

    def requests(self, *, since: datetime, until: datetime) -> Iterator[SentEvents]:
        """What senders submit in [since, until): a list for each sender that has events then."""
        sent = rows_of(_between(self.frame, self._sent, since, until))
        for source in sorted({row["source"] for row in sent}):
            payloads = [payload_of(row) for row in sent if row["source"] == source]
            for start in range(0, len(payloads), MAX_LISTED):
                yield SentEvents(source, payloads[start : start + MAX_LISTED])

    def labels(self, *, since: datetime, until: datetime) -> list[StatedLabel]:
        """The labels that become known in [since, until), in that order."""
        known = rows_of(_between(self._labels, self._known, since, until))
        return [StatedLabel(row["source"], label_body(row, row["label"])) for row in known]


def _between(frame: pd.DataFrame, times: pd.DatetimeIndex, since: datetime, until: datetime) -> pd.DataFrame:
    """The rows of a frame whose times, in ascending order, are in [since, until)."""
    first, end = times.searchsorted(pd.DatetimeIndex([since, until]))
    return frame.iloc[first:end]


def payload_of(row: dict[str, Any]) -> dict[str, Any]:
    return to_payload(row, id=row["id"], occurred_at=to_iso(row["occurred_at"].to_pydatetime()))


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows by column; missing values are None."""
    return [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
