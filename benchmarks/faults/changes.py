"""What faults change about traffic: pure functions of a frame (`benchmarks.faults.traffic`) and a span.

Each returns a new frame; events submitted before the span stay as they are.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.faults.traffic import NORTH

SEED = 17
DAY = timedelta(days=1)


class Span(NamedTuple):
    """When a fault holds: [since, until)."""

    since: datetime
    until: datetime

    def covers(self, times: pd.Series) -> pd.Series:
        return (times >= self.since) & (times < self.until)


def affected(frame: pd.DataFrame, span: Span, *, source: str = NORTH) -> pd.Series:
    """The payments that a sender submits in the span."""
    return span.covers(frame.sent_at) & (frame.source == source) & (frame.type == "payment")


def leave_out_category(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """A sender no longer sends the category."""
    return frame.assign(category=frame.category.where(~affected(frame, span), None))


def send_cents(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """A sender sends amounts in cents."""
    return frame.assign(amount=frame.amount.where(~affected(frame, span), frame.amount * 100))


def send_new_category(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """A fifth of a sender's payments have a category that it never sent before."""
    chosen = affected(frame, span) & (_uniform(frame) < 0.2)
    return frame.assign(category=frame.category.where(~chosen, "crypto"))


def send_burst(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Customers of the next four days pay on one day at a sender's merchants, in addition to its own."""
    copies = []
    for later in range(1, 5):
        moved = Span(span.since + later * DAY, span.until + later * DAY)
        rows = frame[affected(frame, moved) & ~frame.fraud]
        copies.append(_moved(rows, -later * DAY, prefix=f"burst-{later}-"))
    return _ordered(pd.concat([frame, *copies], ignore_index=True))


def shift_population(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Customers buy travel and electronics instead of groceries, fuel and meals; fraud is as before.

    What they buy instead is what customers buy of that in the days after.
    """
    everyday = (
        frame.category.isin(["grocery", "fuel", "restaurant"]) & ~frame.fraud & (frame.type == "payment")
    )
    gone = span.covers(frame.sent_at) & everyday & (_uniform(frame) < 0.7)
    kept, missing, copies = frame[~gone], int(gone.sum()), []
    wanted = frame.category.isin(["travel", "electronics", "clothing"]) & ~frame.fraud
    for later in range(1, 8):
        moved = Span(span.since + later * DAY, span.until + later * DAY)
        rows = frame[moved.covers(frame.sent_at) & wanted & (frame.type == "payment")]
        copies.append(_moved(rows, -later * DAY, prefix=f"shift-{later}-"))
    added = pd.concat(copies, ignore_index=True)
    if len(added) > missing:
        added = added.sample(missing, random_state=SEED)
    return _ordered(pd.concat([kept, added], ignore_index=True))


def change_concept(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Other payments are fraud: those that were are good, and as many ordinary ones of groceries are fraud.

    No field changes.
    """
    inside = span.covers(frame.sent_at) & (frame.type == "payment")
    was = inside & frame.fraud
    candidates = np.flatnonzero(inside & ~frame.fraud & (frame.category == "grocery"))
    chosen = np.random.default_rng(SEED).choice(
        candidates, min(int(was.sum()), len(candidates)), replace=False
    )
    now = pd.Series(data=False, index=frame.index)
    now.iloc[chosen] = True
    delays = (frame.label_known_at - frame.occurred_at)[was & (frame.label == "fraud")].to_numpy()
    known = frame.label_known_at.where(~was, pd.NaT)
    labeled = chosen[: len(delays)]
    known.iloc[labeled] = frame.occurred_at.iloc[labeled] + delays
    label = frame.label.where(~was, None)
    label.iloc[labeled] = "fraud"
    return frame.assign(label=label, label_known_at=known, fraud=(frame.fraud & ~was) | now)


def delay_labels(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Labels of payments take twice as long."""
    late = frame.occurred_at + 2 * (frame.label_known_at - frame.occurred_at)
    return frame.assign(label_known_at=frame.label_known_at.where(~span.covers(frame.sent_at), late))


def slip_time_zone(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """A sender's times are five hours behind: local times sent as UTC."""
    slipped = frame.occurred_at - timedelta(hours=5)
    return frame.assign(occurred_at=frame.occurred_at.where(~affected(frame, span), slipped))


def repeat_events(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """A sender submits every payment twice."""
    again = frame[affected(frame, span)]
    again = again.assign(sent_at=again.sent_at + timedelta(minutes=2), label=None, label_known_at=pd.NaT)
    return _ordered(pd.concat([frame, again], ignore_index=True))


def swap_ids(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """A sender sends the card in the field of the customer, and the customer in that of the card."""
    rows = affected(frame, span)
    return frame.assign(
        card=frame.card.where(~rows, frame.customer), customer=frame.customer.where(~rows, frame.card)
    )


def raise_amounts(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Amounts of all senders double little by little over the span."""
    done = ((frame.sent_at - span.since) / (span.until - span.since)).clip(0, 1)
    inside = span.covers(frame.sent_at)
    return frame.assign(amount=frame.amount.where(~inside, frame.amount * 2**done))


def _moved(rows: pd.DataFrame, by: timedelta, *, prefix: str) -> pd.DataFrame:
    """Copies at another time under ids of their own, without labels."""
    return rows.assign(
        id=prefix + rows.id,
        occurred_at=rows.occurred_at + by,
        sent_at=rows.sent_at + by,
        label=None,
        label_known_at=pd.NaT,
    )


def _uniform(frame: pd.DataFrame) -> NDArray[np.float64]:
    """A number from [0, 1) for each event, the same for the same id."""
    return (pd.util.hash_pandas_object(frame.id, index=False).to_numpy() % 10_000) / 10_000


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("sent_at", kind="stable", ignore_index=True)
