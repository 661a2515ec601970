"""Traffic that continues a simulated history: the same customers, rhythm, fraud and delayed labels."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from demo.simulation.history import MAX_LABEL_DELAY_DAYS, MAX_SCENARIO_DAYS, draw_days
from demo.simulation.payloads import to_payload
from demo.simulation.population import Population
from demo.simulation.sender import EVENTS, LABELS, Message, label_body
from scoring.timestamps import to_iso

DAY = timedelta(days=1)


TimedMessage = tuple[datetime, str, Any]  # due, path, body
# Returns those event IDs that the receiver of the labels has received.
FindReceived = Callable[[Collection[str]], Collection[str]]


class PeriodTraffic(NamedTuple):
    """The events that occur and the labels that become known in a period."""

    events: pd.DataFrame
    labels: pd.DataFrame


def draw_period(
    population: Population, *, since: datetime, until: datetime, rate: float, received: FindReceived
) -> PeriodTraffic:
    """Traffic of [since, until) at `rate` payments per day, the same as in a longer `simulate_history`.

    Labels of events before `since` are included only if those events were `received`.
    """
    first = since - timedelta(days=MAX_SCENARIO_DAYS + MAX_LABEL_DELAY_DAYS)
    frame = draw_days(population, first=first.date(), until=until, rate=rate)
    labels = frame[(frame.label_known_at >= since) & (frame.label_known_at < until)]
    is_earlier = labels.occurred_at < since
    known = labels.id.isin(list(received(labels.id[is_earlier].tolist())))
    return PeriodTraffic(
        events=frame[frame.occurred_at >= since],
        labels=labels[~is_earlier | known].sort_values("label_known_at", kind="stable"),
    )


def continue_history(
    population: Population,
    *,
    since: datetime,
    rate: float,
    received: FindReceived,
) -> Iterator[Message]:
    """An endless iterator of events and labels from `since` on, each due some seconds after it."""
    begin = since
    while True:
        end = begin.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        traffic = draw_period(population, since=begin, until=end, rate=rate, received=received)
        for at, path, body in messages_of(traffic):
            yield (at - since).total_seconds(), path, body
        begin = end


def messages_of(traffic: PeriodTraffic) -> list[TimedMessage]:
    """Request bodies with their paths, in order of the times at which they are due."""
    events = [
        (at, EVENTS, to_payload(row, id=row["id"], occurred_at=to_iso(at)))
        for at, row in _rows(traffic.events, by="occurred_at")
    ]
    labels = [
        (at, LABELS, label_body(row, row["label"])) for at, row in _rows(traffic.labels, by="label_known_at")
    ]
    return sorted([*events, *labels], key=lambda message: message[0])


def _rows(frame: pd.DataFrame, *, by: str) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Rows with their times from column `by`; missing values are None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return zip(frame[by].dt.to_pydatetime(), rows, strict=True)
