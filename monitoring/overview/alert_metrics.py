"""Alerts on the way of events and the work of people, from the facts behind the overview."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.overview.facts import (
    CASE_LATE,
    MAX_LAG_COUNTED,
    read_breakers,
    read_causes,
    read_pending,
    read_queue,
)
from monitoring.overview.notices import last_line
from monitoring.overview.pipeline_notices import LANE_LATE, causes_text
from monitoring.windows.traffic import RECENT_MINUTES, recent_traffic
from reviews.models import Case
from scoring.decisions.models import Decision
from scoring.intervals import clopper_pearson_interval
from scoring.log.consumers.status import consumer_health
from scoring.rules.breaker.words import responsible_text, tripped_text


def pending_age(*, now: datetime) -> Iterator[Observation]:
    pending = read_pending()
    yield Observation(
        scope={},
        value=(now - pending.oldest).total_seconds() if pending.oldest else 0.0,
        since=pending.oldest or now,
        until=now,
        rows=pending.ready,
        because=f"{pending.ready:,} entries are pending; the workers of the queue “lanes” do not keep up.",
        path="scoring/pending/?state__exact=ready",
    )


def parked(*, now: datetime) -> Iterator[Observation]:
    pending = read_pending()
    yield Observation(
        scope={},
        value=float(pending.parked),
        since=now,
        until=now,
        rows=pending.parked,
        because="Processing failed; each parked event has its error.",
        path="scoring/pending/?state__exact=parked",
    )


def oldest_case_age(*, now: datetime) -> Iterator[Observation]:
    queue = read_queue(Case.objects.pending(), now=now)
    yield Observation(
        scope={},
        value=(now - queue.oldest).total_seconds() if queue.oldest else 0.0,
        since=queue.oldest or now,
        until=now,
        rows=queue.pending,
        because=f"{queue.pending:,} cases are undecided, {queue.held:,} of them claimed.",
        path="queue/",
    )


def stopped_consumers(*, now: datetime) -> Iterator[Observation]:
    for consumer in consumer_health(max_lag=MAX_LAG_COUNTED):
        failed = consumer.failed_position
        yield Observation(
            scope={"consumer": consumer.name},
            value=float(bool(consumer.error)),
            since=consumer.ran_at or now,
            until=now,
            because=last_line(consumer.error) if consumer.error else "",
            path=f"scoring/logentry/{failed}/change/" if failed else "",
        )


def open_breakers(*, now: datetime) -> Iterator[Observation]:
    for breaker in read_breakers():
        is_open = breaker.until is not None
        why = f"{tripped_text(breaker.tripped)}. {responsible_text(breaker.tripped)}" if is_open else ""
        yield Observation(
            scope={"event_type": breaker.event_type, "source": breaker.source},
            value=float(is_open),
            since=breaker.since or now,
            until=now,
            because=why,
            path="breakers/",
        )


def fallback_share(*, now: datetime) -> Iterator[Observation]:
    """The last full minutes of each event type."""
    causes = ""
    for event_type, traffic in recent_traffic(now=now).items():
        decided, fallbacks = (traffic.sum(name, RECENT_MINUTES) for name in ("decided", "fallbacks"))
        share = fallbacks / decided if decided else None
        low, high = clopper_pearson_interval(share, decided) if share is not None else (None, None)
        if fallbacks and not causes:
            found = causes_text(read_causes(Decision.objects.all(), now=now))
            causes = f"Causes in the last hour{found or ': none recorded'}."
        yield Observation(
            scope={"event_type": event_type},
            value=share,
            since=now - timedelta(minutes=RECENT_MINUTES),
            until=now,
            rows=decided,
            low=low,
            high=high,
            because=causes if fallbacks else "",
            path="scoring/decision/?basis__exact=fallback",
        )


register_metric(
    Metric(
        name="lanes.pending_age",
        title="Oldest pending entry",
        help="The age of the oldest entry that its lane has not processed.",
        unit=Unit.SECONDS,
        worse=Worse.UP,
        scope=(),
        observe=pending_age,
        suggested=SuggestedAlert(
            LANE_LATE.total_seconds(), for_minutes=2, severity="critical", runbook="docs/how-to/operate.md"
        ),
    )
)
register_metric(
    Metric(
        name="lanes.parked",
        title="Parked events",
        help="Events that could not be processed.",
        unit=Unit.COUNT,
        worse=Worse.UP,
        scope=(),
        observe=parked,
        suggested=SuggestedAlert(0, runbook="docs/how-to/operate.md"),
    )
)
register_metric(
    Metric(
        name="reviews.oldest_case_age",
        title="Oldest undecided case",
        help="How long the oldest case without a verdict has been open.",
        unit=Unit.SECONDS,
        worse=Worse.UP,
        scope=(),
        observe=oldest_case_age,
        suggested=SuggestedAlert(CASE_LATE.total_seconds(), for_minutes=10),
    )
)
register_metric(
    Metric(
        name="log.stopped_consumers",
        title="Stopped consumer",
        help="1 if a consumer of the log has stopped because of an error, else 0.",
        unit=Unit.COUNT,
        worse=Worse.UP,
        scope=("consumer",),
        observe=stopped_consumers,
        suggested=SuggestedAlert(0, for_minutes=2, severity="critical", runbook="docs/reference/log.md"),
    )
)
register_metric(
    Metric(
        name="breakers.open",
        title="Open breaker",
        help="1 if the breaker of an event type and a source is open, else 0.",
        unit=Unit.COUNT,
        worse=Worse.UP,
        scope=("event_type", "source"),
        observe=open_breakers,
        suggested=SuggestedAlert(
            0,
            for_minutes=0,
            clear_minutes=5,
            severity="critical",
            runbook="docs/reference/exploration-and-breakers.md",
        ),
    )
)
register_metric(
    Metric(
        name="decisions.fallback_share",
        title="Share of fallbacks",
        help=f"The share of decisions of the last {RECENT_MINUTES} minutes that the failure policy made.",
        unit=Unit.SHARE,
        worse=Worse.UP,
        scope=("event_type",),
        observe=fallback_share,
        suggested=SuggestedAlert(
            0.01,
            min_rows=20,
            for_minutes=3,
            severity="critical",
            actions=("roll_back", "stop_canary", "rules_only"),
            owner=OWNER_OF_MODELS,
        ),
    )
)
