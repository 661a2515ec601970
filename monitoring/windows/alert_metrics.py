"""Alerts on the latency of decisions and on batch views, from windows."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.windows.batch_views import Freshness, read_freshness
from monitoring.windows.traffic import RECENT_MINUTES, recent_traffic

MIN_WAITED = 300  # of fewer decisions, the slowest 1 % are one or two


def latency_p99(*, now: datetime) -> Iterator[Observation]:
    """The last full minutes of each event type."""
    for event_type, traffic in recent_traffic(now=now).items():
        latency = traffic.latency_ms(0.99, RECENT_MINUTES)
        yield Observation(
            scope={"event_type": event_type},
            value=None if latency is None else latency / 1000,
            since=now - timedelta(minutes=RECENT_MINUTES),
            until=now,
            rows=traffic.waited(RECENT_MINUTES),
            because="The page Operations shows which stage is slow, and what would help.",
            path="operations/",
        )


def stale_views(*, now: datetime) -> Iterator[Observation]:
    for view in read_freshness(now=now):
        because = _why_stale(view)
        yield Observation(
            scope={"event_type": view.view.event_type, "view": view.view.name},
            value=float(bool(because)),
            since=view.latest.published_at if view.latest else view.since,
            until=now,
            rows=view.decisions,
            because=because,
            path="batch-views/",
        )


def _why_stale(view: Freshness) -> str:
    """Why events received now get no values of a view; "" if they do, or none needs them yet."""
    if view.latest is None:
        return f"It was never published; {view.without:,} decisions lack it." if view.without else ""
    return f"It was last published for {view.latest.as_of:%Y-%m-%d %H:%M} UTC." if view.is_stale else ""


register_metric(
    Metric(
        name="decisions.latency_p99",
        title="Latency, 99th percentile",
        help=f"From receipt to decision within {RECENT_MINUTES} minutes, where a client waited.",
        unit=Unit.SECONDS,
        worse=Worse.UP,
        scope=("event_type",),
        observe=latency_p99,
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
        name="batch_views.stale",
        title="Stale batch view",
        help="1 if events received now get no values of a batch view, else 0.",
        unit=Unit.COUNT,
        worse=Worse.UP,
        scope=("event_type", "view"),
        observe=stale_views,
        suggested=SuggestedAlert(
            0, runbook="docs/reference/batch-views.md", actions=("publish_views",), owner=OWNER_OF_MODELS
        ),
    )
)
