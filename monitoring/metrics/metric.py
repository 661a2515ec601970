"""What monitoring can raise an alert on: a metric, and what was observed of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, Protocol

EVERY_MINUTE = timedelta(minutes=1)


class Worse(StrEnum):
    """In which direction a metric is worse."""

    UP = "up"
    DOWN = "down"


class Unit(StrEnum):
    """What a value counts, and so how it is written."""

    SHARE = "share"  # 0 to 1
    COUNT = "count"
    SECONDS = "seconds"
    MONEY = "money"  # minor units of the event type's base currency
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Observation:
    """A metric's value in one scope over a span of time.

    `scope`: what it is about, such as `{"event_type": "payment", "feature": "amount"}`; with the metric's
    name it identifies one alert. `value`: None if too little is known. `low`, `high`: its interval, None
    without one. `rows`: how many events it is based on. `because`: what changed and its likely cause, one
    sentence, "" if there is nothing to say. `path`: the admin page that shows it, below the admin's home.
    `fields`: those fields of events whose faults would explain the value.
    """

    scope: Mapping[str, str]
    value: float | None
    since: datetime
    until: datetime
    rows: int = 0
    low: float | None = None
    high: float | None = None
    because: str = ""
    path: str = ""
    fields: tuple[str, ...] = ()


class Observe(Protocol):
    """Reads what is observed now, at most one observation a scope, in a bounded number of queries."""

    def __call__(self, *, now: datetime) -> Iterable[Observation]: ...


OWNER_OF_MODELS: Final = "group/data scientist"  # its people may train, stop a canary and roll back


@dataclass(frozen=True, slots=True)
class SuggestedAlert:
    """The alert rule of a metric that every installation begins with; it must be quiet while all is well.

    It fires once the value has been worse than `threshold` (strictly; with an interval: its better end) for
    `for_minutes`, with at least `min_rows`, and is over after `clear_minutes` not worse than `clear_at`
    (None: the threshold). `runbook`: a page of the documentation, or an address. `actions`: names of what its
    alerts offer to do. `owner`: "group/{name}" of those who may do that, "" for the leads.
    """

    threshold: float
    clear_at: float | None = None
    min_rows: int = 0
    for_minutes: int = 5
    clear_minutes: int = 10
    severity: Literal["info", "warning", "critical"] = "warning"
    runbook: str = ""
    actions: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that alerts may be set on.

    `name` is dotted, its first word the room: `drift.features`. `help`: one sentence that says what the value
    is. `scope`: the names that every observation's scope has. `every`: how often it is observed. `suggested`:
    its alert rule until it is changed, None if it has none.
    """

    name: str
    title: str
    help: str
    unit: Unit
    worse: Worse
    scope: tuple[str, ...]
    observe: Observe
    every: timedelta = EVERY_MINUTE
    suggested: SuggestedAlert | None = None
