"""Metrics of operations that alerts may be set on."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import redis
from django.conf import settings

from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.operations.advice import why_slow
from monitoring.operations.readings import HOUR_MINUTES, MAX_LAG_COUNTED, heartbeats_of, read_readings
from monitoring.operations.requests import REMEDIES, accepted_items, refused_requests
from monitoring.operations.stages import quantile_seconds, runs_by_bucket
from monitoring.overview.notices import last_line
from monitoring.windows.traffic import RECENT_MINUTES, RecentTraffic, recent_traffic
from scoring.intervals import clopper_pearson_interval
from scoring.log.consumers.status import ConsumerHealth, consumer_health
from scoring.signals.process_reports import read_reports
from scoring.signals.telemetry import Series, read_recent

RECENT = timedelta(minutes=RECENT_MINUTES)
PATH = "operations/"
MIN_WAITED = 5  # decisions; most of so few must be slow
LATENCY_MINUTES = (RECENT_MINUTES, 15, HOUR_MINUTES)  # the first of them with MIN_WAITED decisions is judged
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
    for event_type, traffic in recent_traffic(now=now, minutes=LATENCY_MINUTES[-1]).items():
        minutes = judged_minutes(traffic)
        waited, value = traffic.waited(minutes), _latency_seconds(traffic, SLOWEST, minutes)
        low, high = clopper_pearson_interval(SLOWEST, waited, level=SLOWEST_LEVEL)
        is_slow = value is not None and value > settings.API_DEFAULT_WAIT
        yield Observation(
            scope={"event_type": event_type},
            value=value,
            since=now - timedelta(minutes=minutes),
            until=now,
            rows=waited,
            low=_latency_seconds(traffic, low, minutes),
            high=_latency_seconds(traffic, high, minutes),
            because=why_slow(read_readings(now=now, minutes=minutes)) if is_slow else "",
            path=PATH,
        )


def judged_minutes(traffic: RecentTraffic) -> int:
    """Over how many minutes the latency is judged: more of them where few clients wait."""
    enough = (each for each in LATENCY_MINUTES if traffic.waited(each) >= MIN_WAITED)
    return next(enough, LATENCY_MINUTES[-1])


def _latency_seconds(traffic: RecentTraffic, q: float, minutes: int) -> float | None:
    latency = traffic.latency_ms(q, minutes)
    return None if latency is None else latency / 1000


def observe_wait(*, now: datetime) -> Iterator[Observation]:
    """How long clients waited for answers, with what comes after a decision; nothing while Redis is away.

    The latency of decisions ends when a batch begins: it does not see slow states, models or commits.
    """
    for minutes in LATENCY_MINUTES:
        try:
            runs = runs_by_bucket("wait", read_recent(minutes, now=now.timestamp()))
        except redis.RedisError:
            return
        if (waited := round(sum(runs))) >= MIN_WAITED or minutes == LATENCY_MINUTES[-1]:
            yield _wait_of(runs, waited, minutes=minutes, now=now)
            return


def _wait_of(runs: Sequence[float], waited: int, *, minutes: int, now: datetime) -> Observation:
    since = now - timedelta(minutes=minutes)
    if not waited:
        return Observation({}, None, since, now, path=PATH)
    value = quantile_seconds(runs, SLOWEST)
    low, high = clopper_pearson_interval(SLOWEST, waited, level=SLOWEST_LEVEL)
    is_slow = value > settings.API_DEFAULT_WAIT
    return Observation(
        scope={},
        value=value,
        since=since,
        until=now,
        rows=waited,
        low=quantile_seconds(runs, low),
        high=quantile_seconds(runs, high),
        because=why_slow(read_readings(now=now, minutes=minutes)) if is_slow else "",
        path=PATH,
    )


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
        help=f"From receipt to decision within {RECENT_MINUTES} minutes, where a client waited; within up to"
        f" {HOUR_MINUTES} if fewer than {MIN_WAITED} waited.",
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
        name="operations.wait_p99",
        title="Wait of clients, 99th percentile",
        help=f"How long requests waited for decisions within {RECENT_MINUTES} minutes, or within up to"
        f" {HOUR_MINUTES} if fewer than {MIN_WAITED} waited.",
        unit=Unit.SECONDS,
        worse=Worse.UP,
        scope=(),
        observe=observe_wait,
        suggested=SuggestedAlert(
            settings.API_DEFAULT_WAIT, min_rows=MIN_WAITED, runbook="docs/how-to/operate.md"
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
