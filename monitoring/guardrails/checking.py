"""Checks the watched models of every event type, and rolls back those that exceed a guardrail."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from monitoring.guardrails.deployments import Deployment, watched
from monitoring.guardrails.judging import Reading, State
from monitoring.guardrails.observing import read_readings
from monitoring.guardrails.stored import guardrail_settings
from monitoring.guardrails.words import reading_text
from monitoring.models import GuardrailTrip
from scoring.catalog.registry import scored_types
from scoring.errors import ScoringError
from scoring.learning.promotion import promote as promotion
from scoring.log.entries import Entry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_streams
from scoring.registry.models import Route
from scoring.registry.routes import CANARY

logger = logging.getLogger(__name__)

ACTOR = "guardrails"
ROLLED_BACK, NONE = "rolled_back", "none"
MAX_A_DAY = 3  # roll-backs of an event type; more would mean that not the models are the cause
DAY = timedelta(days=1)


@dataclass(frozen=True)
class WatchedModel:
    """A watched model with its readings, and whether it tripped since it was deployed."""

    deployment: Deployment
    readings: list[Reading]
    tripped: bool

    @property
    def exceeded(self) -> Reading | None:
        """The first guardrail that it exceeds."""
        return next((each for each in self.readings if each.state is State.EXCEEDED), None)


def check_guardrails(*, now: datetime) -> list[Entry]:
    """Check every event type whose guardrails are on; returns the `guardrail.tripped` appended.

    A model trips once a deployment: whatever came of that, it is not tried again. A route that changed
    meanwhile is left to the next check.
    """
    found = []
    for model in watched_models(now=now):
        exceeded = model.exceeded
        if exceeded is None or model.tripped:
            continue
        try:
            found.append(trip(model.deployment, exceeded, now=now))
        except StreamConflict as conflict:
            logger.info("%s exceeds a guardrail; next check: %s", model.deployment.model, conflict)
    return found


def watched_models(*, now: datetime) -> list[WatchedModel]:
    """The watched models of all event types whose guardrails are on."""
    routes = read_streams([f"route/{name}" for name in scored_types()])
    found = []
    for stream, entries in sorted(routes.items()):
        settings = guardrail_settings.of(stream.removeprefix("route/"))
        if not settings.on:
            continue
        for each in watched(entries, watch_hours=settings.watch_hours, now=now):
            readings = read_readings(each, settings, now=now)
            found.append(WatchedModel(each, readings, tripped=_has_tripped(each)))
    return found


def trip(deployment: Deployment, exceeded: Reading, *, now: datetime) -> Entry:
    """Stop a canary or roll back a champion, and append `guardrail.tripped`, in one transaction.

    If that is impossible, the entry says why, and the model stays. Raises StreamConflict if the route changed
    concurrently.
    """
    why_not = _why_not_again(deployment.event_type, now=now)
    with transaction.atomic():
        if not why_not:
            why_not = _roll_back(deployment, exceeded, now=now)
        data = {
            "event_type": deployment.event_type,
            "model": deployment.model,
            "role": deployment.role,
            "since_route": deployment.since_route,
            "control": deployment.control,
            "action": NONE if why_not else ROLLED_BACK,
            "why_not": why_not,
            "figures": exceeded.as_data(),
        }
        version = guardrail_settings.version_of(deployment.event_type)
        entry = guardrail_settings.append(
            deployment.event_type, "tripped", data, version=version, actor=ACTOR, now=now
        )
    logger.warning("%s, %s: %s", deployment.model, reading_text(exceeded.as_data()), why_not or ROLLED_BACK)
    return entry


def _roll_back(deployment: Deployment, exceeded: Reading, *, now: datetime) -> str:
    """Why the model could not be rolled back, "" if it was."""
    figures = exceeded.as_data()
    why = reading_text(figures)
    _require_in_place(deployment)
    try:
        with transaction.atomic():
            if deployment.role == CANARY:
                promotion.stop_arm(deployment.model, actor=ACTOR, now=now, why=why, figures=figures)
            else:
                promotion.roll_back(deployment.event_type, actor=ACTOR, now=now, why=why, figures=figures)
    except StreamConflict:
        raise
    except ScoringError as error:
        return str(error)
    return ""


def _require_in_place(deployment: Deployment) -> None:
    """Lock the route until the transaction ends. Raises StreamConflict if the model lost its role."""
    route = Route.objects.select_for_update().get(pk=deployment.event_type)
    if not any(arm["model"] == deployment.model and arm["role"] == deployment.role for arm in route.arms):
        raise StreamConflict(f"route/{deployment.event_type}", deployment.since_route)


def _why_not_again(event_type: str, *, now: datetime) -> str:
    trips = GuardrailTrip.objects.filter(event_type=event_type, tripped_at__gt=now - DAY, action=ROLLED_BACK)
    if (count := trips.count()) < MAX_A_DAY:
        return ""
    return f"guardrails rolled back {count} models of {event_type} within a day; the cause may be elsewhere"


def _has_tripped(deployment: Deployment) -> bool:
    return GuardrailTrip.objects.filter(
        event_type=deployment.event_type,
        model=deployment.model,
        role=deployment.role,
        since_route=deployment.since_route,
    ).exists()
