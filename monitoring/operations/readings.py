"""What the operations page and its metrics read: counts of the last minutes, lanes, consumers, processes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import redis
from django.db.models import Count, Min, Q

from monitoring.operations.stages import StageTimes, busy_share, stage_times
from monitoring.windows.traffic import RECENT_MINUTES, RecentTraffic, recent_traffic
from scoring.catalog.registry import lanes, scored_types
from scoring.lanes.models import Pending
from scoring.log.consumers.status import ConsumerHealth, consumer_health
from scoring.signals.heartbeat import last_beat
from scoring.signals.process_reports import KEPT_SECONDS, SWEEP, WORKER, Report, read_reports
from scoring.signals.telemetry import Series, read_recent

HOUR_MINUTES = 60
MAX_LAG_COUNTED = 5_000  # entries behind each consumer
NO_HEARTBEAT_SECONDS = 10.0


@dataclass(frozen=True)
class LaneStatus:
    """A lane: whether a worker holds it, its pending entries, the oldest of them, and parked ones."""

    name: str
    held: bool
    ready: int
    oldest: datetime | None
    parked: int


@dataclass(frozen=True)
class Heartbeat:
    """A kind of process: how many report, and the age of the latest report in seconds."""

    name: str
    processes: int
    age: float

    @property
    def is_missing(self) -> bool:
        return self.age > NO_HEARTBEAT_SECONDS


@dataclass(frozen=True)
class TypeLatency:
    """Times from receipt to first decision over the last five full minutes, for waiting clients, in ms.

    The percentiles are None if no client waited.
    """

    event_type: str
    decisions: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True)
class Readings:
    """Everything at one time. `recent`, `hour`: counts of the last minutes; `answers`: whether Redis does."""

    now: datetime
    answers: bool
    recent: Mapping[Series, float]
    hour: Mapping[Series, float]
    seconds: float  # that `recent` covers
    lanes: list[LaneStatus]
    heartbeats: list[Heartbeat]
    consumers: list[ConsumerHealth]
    latencies: list[TypeLatency]

    @property
    def stages(self) -> list[StageTimes]:
        return stage_times(self.recent)

    @property
    def busy(self) -> float:
        """The share of time in which the holders of lanes worked, 1 at their limit; of one if none is."""
        return busy_share(self.stages, lanes=max(self.held, 1), seconds=self.seconds)

    @property
    def held(self) -> int:
        """The number of lanes that a worker holds."""
        return sum(lane.held for lane in self.lanes)


def read_readings(*, now: datetime, minutes: int = RECENT_MINUTES) -> Readings:
    """What is known now, `recent` over so many minutes; without Redis no counts, holders and heartbeats."""
    try:
        recent = read_recent(minutes, now=now.timestamp())
        hour = read_recent(HOUR_MINUTES, now=now.timestamp())
        held = {lane for lane in lanes() if last_beat(lane)}
        heartbeats, answers = heartbeats_of(read_reports()), True
    except redis.RedisError:
        recent, hour, held, heartbeats, answers = {}, {}, set(), [], False
    return Readings(
        now=now,
        answers=answers,
        recent=recent,
        hour=hour,
        seconds=60 * minutes + now.timestamp() % 60,
        lanes=read_lanes(held),
        heartbeats=heartbeats,
        consumers=consumer_health(max_lag=MAX_LAG_COUNTED),
        latencies=read_latencies(now=now),
    )


def read_lanes(held: set[str]) -> list[LaneStatus]:
    """Every lane, in one query; `held`: those with a recent heartbeat."""
    ready, parked = Q(state=Pending.State.READY), Q(state=Pending.State.PARKED)
    counted = Pending.objects.values("lane").annotate(
        ready=Count("pk", filter=ready),
        oldest=Min("enqueued_at", filter=ready),
        parked=Count("pk", filter=parked),
    )
    found = {row["lane"]: row for row in counted}
    nothing = {"ready": 0, "oldest": None, "parked": 0}
    return [
        LaneStatus(name, name in held, row["ready"], row["oldest"], row["parked"])
        for name in lanes()
        for row in [found.get(name, nothing)]
    ]


def heartbeats_of(reports: list[Report]) -> list[Heartbeat]:
    """The workers of each queue, and the sweep, from the reports of processes within KEPT_SECONDS."""
    found: dict[str, list[Report]] = {}
    for each in reports:
        if each.age > KEPT_SECONDS:  # a process that this installation no longer has
            continue
        if each.about == WORKER:
            found.setdefault(f"workers of {each.by.partition('/')[0]}", []).append(each)
        elif each.about == SWEEP:
            found.setdefault("sweep of the lanes", []).append(each)
    return [
        Heartbeat(name, sum(each.is_fresh for each in said), min(each.age for each in said))
        for name, said in sorted(found.items())
    ]


def read_latencies(*, now: datetime) -> list[TypeLatency]:
    """The latency of every scored event type over the last full minutes, in one query."""
    traffic = recent_traffic(now=now)
    return [_latency(name, traffic.get(name) or RecentTraffic((), now=now)) for name in scored_types()]


def _latency(event_type: str, traffic: RecentTraffic) -> TypeLatency:
    p50, p95, p99 = (traffic.latency_ms(q, RECENT_MINUTES) for q in (0.5, 0.95, 0.99))
    return TypeLatency(event_type, traffic.waited(RECENT_MINUTES), p50, p95, p99)
