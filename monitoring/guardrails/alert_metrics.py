"""Alerts on models that exceeded a guardrail."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.guardrails.words import reading_text
from monitoring.metrics.metric import OWNER_OF_MODELS, Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import register_metric
from monitoring.models import GuardrailTrip
from scoring.catalog.registry import scored_types

HOUR = timedelta(hours=1)


def trips(*, now: datetime) -> Iterator[Observation]:
    """The last hour of each event type."""
    found = list(GuardrailTrip.objects.filter(tripped_at__gt=now - HOUR).order_by("-position"))
    for event_type in scored_types():
        mine = [trip for trip in found if trip.event_type == event_type]
        yield Observation(
            scope={"event_type": event_type},
            value=float(len(mine)),
            since=mine[-1].tripped_at if mine else now - HOUR,
            until=now,
            because=_because(mine[0]) if mine else "",
            path="guardrails/",
        )


def _because(trip: GuardrailTrip) -> str:
    done = f"it still decides: {trip.why_not}" if trip.why_not else "it was rolled back by itself"
    return f"The {trip.role} {trip.model}: {reading_text(trip.figures)}; {done}."


register_metric(
    Metric(
        name="guardrails.trips",
        title="Models that exceeded a guardrail",
        help="How many models exceeded a guardrail within an hour.",
        unit=Unit.COUNT,
        worse=Worse.UP,
        scope=("event_type",),
        observe=trips,
        suggested=SuggestedAlert(
            0,
            for_minutes=0,
            clear_minutes=0,
            severity="critical",
            runbook="docs/reference/guardrails.md",
            actions=("stop_canary", "roll_back"),
            owner=OWNER_OF_MODELS,
        ),
    )
)
