"""The faults: what is injected, for how long, and what an alert must name to have found the cause."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from benchmarks.faults import changes, machines
from benchmarks.faults.changes import Span
from benchmarks.faults.drive import MINUTE, STEP, Installation

DAY = timedelta(days=1)
Change = Callable[[pd.DataFrame, Span], pd.DataFrame]
Machine = Callable[[Installation], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """A fault that holds for `lasts`; afterwards `recovers` passes, to see alerts resolve.

    One that does not recover goes on: its run ends when it has been named, or after `lasts`.

    `change`: of the traffic. `machine`: what is broken meanwhile. `cause`: the words that the scope and the
    sentence of an alert must have, all of them, to have named the true cause. `step`: the longest one.
    """

    name: str
    title: str
    cause: tuple[str, ...]
    change: Change | None = None
    machine: Machine | None = None
    lasts: timedelta = timedelta(hours=12)
    recovers: timedelta = DAY
    step: timedelta = STEP

    @property
    def ends_when_named(self) -> bool:
        return not self.recovers


FAULTS = (
    Fault("field_left_out", "a sender leaves out a field", ("category", "north"), changes.leave_out_category),
    Fault("cents", "a sender sends cents instead of euros", ("amount", "north"), changes.send_cents),
    Fault("new_category", "a category that was never sent", ("category", "north"), changes.send_new_category),
    Fault("burst", "five times the payments of a sender", ("north", "more than"), changes.send_burst),
    Fault(
        "population_shift",
        "population shift without loss",
        ("category",),
        changes.shift_population,
        lasts=5 * DAY,
        step=3 * STEP,
    ),
    Fault(
        "concept_drift",
        "concept drift without shift",
        ("contradict the scores",),
        changes.change_concept,
        lasts=35 * DAY,
        recovers=timedelta(0),
        step=6 * STEP,
    ),
    Fault(
        "label_delay",
        "labels take twice as long",
        ("labels of", "later than usual"),
        changes.delay_labels,
        lasts=28 * DAY,
        recovers=timedelta(0),
        step=6 * STEP,
    ),
    Fault(
        "one_score",
        "a new model predicts one value",
        ("payment-2", "the same"),
        machine=machines.one_score,
        lasts=DAY,
    ),
    Fault("time_zone", "a sender's clock is in another zone", ("north", "time zone"), changes.slip_time_zone),
    Fault("duplicates", "a sender submits everything twice", ("north", "before"), changes.repeat_events),
    Fault(
        "slow_redis",
        "Redis is slow",
        ("redis is slow",),
        machine=machines.slow_redis,
        lasts=timedelta(minutes=40),
        recovers=timedelta(minutes=40),
        step=MINUTE,
    ),
    Fault(
        "stopped_consumer",
        "a consumer does not run",
        (machines.STOPPED,),
        machine=machines.stopped_consumer,
        lasts=timedelta(minutes=20),
        recovers=timedelta(hours=1),
        step=MINUTE,
    ),
    Fault("swapped_fields", "a sender swaps card and customer", ("card", "north"), changes.swap_ids),
    Fault(
        "slow_drift",
        "amounts double over 30 days",
        ("amount",),
        changes.raise_amounts,
        lasts=30 * DAY,
        recovers=timedelta(0),
        step=6 * STEP,
    ),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
