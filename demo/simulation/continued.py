"""A simulated history going on: the same customers, rhythm, fraud and late labels, each at its own time."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd

from demo.simulation.history import LATEST_LABEL_DAYS, LONGEST_STORY_DAYS, draw_days
from demo.simulation.payloads import to_payload
from demo.simulation.population import Population
from demo.simulation.sender import EVENTS, LABELS, Message, label_body
from scoring.timestamps import to_iso

DAY = timedelta(days=1)


# Of some ids of events, those that the receiver of their labels knows.
Received = Callable[[Collection[str]], Collection[str]]


class Stretch(NamedTuple):
    """What happens in a stretch of time: events that occur in it, labels that become known in it."""

    events: pd.DataFrame
    labels: pd.DataFrame


def draw_stretch(
    population: Population, *, since: datetime, until: datetime, rate: float, received: Received
) -> Stretch:
    """[since, until) at `rate` payments a day, as `simulate_history` has it for the population and rate.

    Labels of events from before `since` only where those were `received`.
    """
    first = since - timedelta(days=LONGEST_STORY_DAYS + LATEST_LABEL_DAYS)
    frame = draw_days(population, first=first.date(), until=until, rate=rate)
    labels = frame[(frame.label_known_at >= since) & (frame.label_known_at < until)]
    is_earlier = labels.occurred_at < since
    known = labels.id.isin(list(received(labels.id[is_earlier].tolist())))
    return Stretch(
        events=frame[frame.occurred_at >= since],
        labels=labels[~is_earlier | known].sort_values("label_known_at", kind="stable"),
    )


def continue_history(
    population: Population,
    *,
    since: datetime,
    rate: float,
    received: Received,
) -> Iterator[Message]:
    """Events and labels from `since` on as `draw_stretch` has them, due in seconds after it; endless."""
    begin = since
    while True:
        end = begin.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        stretch = draw_stretch(population, since=begin, until=end, rate=rate, received=received)
        for at, path, body in messages_of(stretch):
            yield (at - since).total_seconds(), path, body
        begin = end


def messages_of(stretch: Stretch) -> list[tuple[datetime, str, dict[str, Any]]]:
    """Request bodies with their paths and the moments at which they are due, in order."""
    events = [
        (at, EVENTS, to_payload(row, id=row["id"], occurred_at=to_iso(at)))
        for at, row in _rows(stretch.events, by="occurred_at")
    ]
    labels = [
        (at, LABELS, label_body(row, row["label"])) for at, row in _rows(stretch.labels, by="label_known_at")
    ]
    return sorted([*events, *labels], key=lambda message: message[0])


def _rows(frame: pd.DataFrame, *, by: str) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Rows with the moment of a column; what is missing is None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return zip(frame[by].dt.to_pydatetime(), rows, strict=True)
