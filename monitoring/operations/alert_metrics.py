"""Metrics of operations that alerts may be set on."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import redis
from django.conf import settings

from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.operations.advice import why_slow
from monitoring.operations.readings import MAX_LAG_COUNTED, heartbeats_of, read_readings
from monitoring.operations.requests import REMEDIES, accepted_items, refused_requests
from monitoring.overview.notices import last_line
from monitoring.windows.traffic import RECENT_MINUTES, RecentTraffic, recent_traffic
from scoring.intervals import clopper_pearson_interval
from scoring.log.consumers.status import ConsumerHealth, consumer_health
from scoring.signals.process_reports import read_reports
from scoring.signals.telemetry import Series, read_recent

RECENT = timedelta(minutes=RECENT_MINUTES)
PATH = "operations/"
MIN_WAITED = 5  # decisions; most of so few must be slow
SLOWEST, SLOWEST_LEVEL = 0.99, 0.99  # the percentile of latencies, and the level of its interval


def observe_refused(*, now: datetime) -> Iterator[Observation]:
    """The share of requests and list items with each status; nothing while Redis is away."""
    try:
        counts = read_recent(RECENT_MINUTES, now=now.timestamp())
    except redis.RedisError:
        return
    yield from refused_shares(counts, now=now)


def refused_shares(counts: Mapping[Series, float], *, now: datetime) -> Iterator[Observation]:
    """For each status that has a remedy, its share of what was sent; None if nothing was."""
    refused = refused_requests(counts, counts)
    sent = accepted_items(counts) + sum(each.recent for each in refused)
    for status, remedy in REMEDIES.items():
        own = [each for each in refused if each.status == status]
        count = sum(each.recent for each in own)
        yield Observation(
            {"status": status},
            count / sent if sent else None,
            now - RECENT,
            now,
            rows=sent,
            because=f"Most often {own[0].reason}. {remedy}" if own else "",
            path=PATH,
        )


def observe_latency(*, now: datetime) -> Iterator[Observation]:
    """The last full minutes of each event type, with an interval: one of few decisions tells nothing."""
    for event_type, traffic in recent_traffic(now=now).items():
        value = _latency_seconds(traffic, SLOWEST)
        low, high = clopper_pearson_interval(SLOWEST, traffic.waited(RECENT_MINUTES), level=SLOWEST_LEVEL)
        is_slow = value is not None and value > settings.API_DEFAULT_WAIT
        yield Observation(
            scope={"event_type": event_type},
            value=value,
            since=now - RECENT,
            until=now,
            rows=traffic.waited(RECENT_MINUTES),
            low=_latency_seconds(traffic, low),
            high=_latency_seconds(traffic, high),
            because=why_slow(read_readings(now=now)) if is_slow else "",
            path=PATH,
        )


def _latency_seconds(traffic: RecentTraffic, q: float) -> float | None:
    latency = traffic.latency_ms(q, RECENT_MINUTES)
    return None if latency is None else latency / 1000


def observe_lag(*, now: datetime) -> Iterator[Observation]:
    """How many entries each consumer has yet to handle."""
    for each in consumer_health(max_lag=MAX_LAG_COUNTED):
        because = f"It has stopped: {last_line(each.error)}" if each.error else ""
        yield Observation({"consumer": each.name}, each.lag, now, now, because=because, path=PATH)


def observe_age(*, now: datetime) -> Iterator[Observation]:
    """How long consumers that have entries to handle have not read the log; 0 for the others."""
    for each in consumer_health(max_lag=MAX_LAG_COUNTED):
        age = (now - each.ran_at).total_seconds() if each.lag and each.ran_at else 0.0
        because = _why_idle(each) if age else ""
        since = each.ran_at or now
        yield Observation({"consumer": each.name}, max(age, 0.0), since, now, because=because, path=PATH)


def _why_idle(consumer: ConsumerHealth) -> str:
    if consumer.error:
        return f"It has stopped: {last_line(consumer.error)}"
    return (
        f"{consumer.name} last read the log at {consumer.ran_at:%Y-%m-%d %H:%M} UTC and has entries to"
        " handle. Check that beat and background run, and that no transaction is open for long."
    )


def observe_heartbeats(*, now: datetime) -> Iterator[Observation]:
    """The age of the latest report of each kind of process; nothing while Redis is away."""
    try:
        reports = read_reports()
    except redis.RedisError:
        return
    for each in heartbeats_of(reports):
        because = "The process has ended or hangs; start it again." if each.is_missing else ""
        yield Observation({"process": each.name}, each.age, now, now, because=because, path=PATH)


register_metric(
    Metric(
        name="operations.refused_share",
        title="Refused requests",
        help="Share of requests and list items that were answered with a status, over five minutes.",
        unit=Unit.SHARE,
        worse=Worse.UP,
        scope=("status",),
        observe=observe_refused,
        suggested=SuggestedAlert(0.2, clear_at=0.1, min_rows=100, for_minutes=10),
    )
)
register_metric(
    Metric(
        name="operations.consumer_lag",
        title="Lag of a consumer",
        help=f"Entries that a consumer of the log has yet to handle, counted up to {MAX_LAG_COUNTED:,}.",
        unit=Unit.COUNT,
        worse=Worse.UP,
        scope=("consumer",),
        observe=observe_lag,
        suggested=SuggestedAlert(2_000, clear_at=500, runbook="docs/how-to/operate.md"),
    )
)
register_metric(
    Metric(
        name="operations.consumer_age",
        title="Age of a consumer's last run",
        help="Seconds since a consumer with entries to handle last read the log, usually two.",
        unit=Unit.SECONDS,
        worse=Worse.UP,
        scope=("consumer",),
        observe=observe_age,
        suggested=SuggestedAlert(
            300, clear_at=60, for_minutes=2, clear_minutes=2, runbook="docs/how-to/operate.md"
        ),
    )
)
register_metric(
    Metric(
        name="decisions.latency_p99",
        title="Latency, 99th percentile",
        help=f"From receipt to decision within {RECENT_MINUTES} minutes, where a client waited.",
        unit=Unit.SECONDS,
        worse=Worse.UP,
        scope=("event_type",),
        observe=observe_latency,
        suggested=SuggestedAlert(
            settings.API_DEFAULT_WAIT,
            min_rows=MIN_WAITED,
            runbook="docs/how-to/operate.md",
            actions=("stop_canary", "roll_back"),
            owner=OWNER_OF_MODELS,
        ),
    )
)
register_metric(
    Metric(
        name="operations.heartbeat_age",
        title="Age of a heartbeat",
        help="Seconds since a kind of process last reported; each reports every two seconds.",
        unit=Unit.SECONDS,
        worse=Worse.UP,
        scope=("process",),
        observe=observe_heartbeats,
        suggested=SuggestedAlert(
            60,
            clear_at=10,
            for_minutes=2,
            clear_minutes=2,
            severity="critical",
            runbook="docs/how-to/operate.md",
        ),
    )
)
