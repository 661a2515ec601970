"""Alerts on batch views, from windows."""

from collections.abc import Iterator
from datetime import datetime

from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.windows.batch_views import Freshness, read_freshness


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
