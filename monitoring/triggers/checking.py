"""Checks the retraining triggers of every event type, and requests trainings.

A check ends with a row of `TriggerCheck`: what was found, and the training or why there is none.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from monitoring.models import TriggerCheck
from monitoring.triggers.judging import Reading, State
from monitoring.triggers.observing import Observed
from monitoring.triggers.settings import RECIPE, TriggerSettings
from monitoring.triggers.stored import trigger_settings
from monitoring.triggers.words import reading_text
from scoring.catalog.registry import scored_types
from scoring.errors import ScoringError
from scoring.learning.jobs.retraining import reason_not_to_train
from scoring.learning.jobs.trainings import request_training
from scoring.learning.jobs.usual_options import usual_options
from scoring.learning.models import TrainingJob
from scoring.registry.model_versions import champion_of, find_version, promotable_versions
from scoring.registry.models import ModelVersion
from scoring.sql.advisory_locks import LockSpace, lock_until_commit

logger = logging.getLogger(__name__)

ACTOR = "trigger/"  # and the name of the trigger
DAY = timedelta(days=1)
PATIENCE = timedelta(days=7)  # with a model that is newer than the champion, before the next one
MAX_WHY_NOT = 500  # characters


@dataclass(frozen=True)
class CheckedType:
    """What the check of an event type found.

    `model`: the champion, "" without one. `training`: the number of the one requested, or None and `why_not`.
    """

    event_type: str
    model: str = ""
    readings: Sequence[Reading] = ()
    training: int | None = None
    why_not: str = ""

    @property
    def reached(self) -> Reading | None:
        """The first trigger that is reached."""
        return next((each for each in self.readings if each.state is State.REACHED), None)


def check_triggers(*, now: datetime) -> list[CheckedType]:
    """Check every event type, request the trainings that are due, and store what was found."""
    return [check_type(name, now=now) for name in scored_types()]


def check_type(event_type: str, *, now: datetime) -> CheckedType:
    """Check one event type, request a training if one is due, and store what was found."""
    found = judge_type(event_type, now=now)
    if found.reached and not found.why_not:
        found = _request(found, found.reached, now=now)
    TriggerCheck.objects.update_or_create(
        event_type=event_type,
        defaults={
            "checked_at": now,
            "model": found.model,
            "readings": [each.as_data() for each in found.readings],
            "training": found.training,
            "why_not": found.why_not[:MAX_WHY_NOT],
        },
    )
    return found


def judge_type(event_type: str, *, now: datetime) -> CheckedType:
    """What a check of an event type finds now; requests and stores nothing."""
    settings = trigger_settings.of(event_type)
    found = CheckedType(event_type, champion_of(event_type) or "")
    if not settings.on:
        return replace(found, why_not="triggers are switched off")
    if not found.model:
        return replace(found, why_not="no model decides its events yet")
    champion = find_version(found.model)
    try:
        found = replace(found, readings=Observed(champion, usual_options(champion), now).readings(settings))
    except ScoringError as error:
        return replace(found, why_not=str(error))
    return replace(found, why_not=why_not_train(champion, found.reached, settings, now=now))


def why_not_train(
    champion: ModelVersion, reached: Reading | None, settings: TriggerSettings, *, now: datetime
) -> str:
    """Why no training is requested; "" if a trigger is reached and nothing prevents it."""
    if reached is None:
        return "no trigger is reached"
    return next(_obstacles(champion, reached, settings, now=now), "")


def _obstacles(
    champion: ModelVersion, reached: Reading, settings: TriggerSettings, *, now: datetime
) -> Iterator[str]:
    """Why a training must wait although a trigger is reached."""
    event_type = champion.event_type
    if reason := reason_not_to_train(event_type, only_if_new_labels=False):
        yield reason
    if needs_labels(reached) and (successor := _successor(champion, now=now)):
        yield f"{successor.name} was trained lately; it is {successor.status} and not the champion"
    requested = TrainingJob.objects.filter(event_type=event_type)
    cool_down = timedelta(hours=settings.cool_down_hours)
    if last := requested.filter(requested_at__gt=now - cool_down).order_by("-number").first():
        until = last.requested_at + cool_down
        yield f"training {last.number} was requested lately; the cool-down ends {until:%Y-%m-%d %H:%M} UTC"
    triggered = requested.filter(requested_by__startswith=ACTOR, requested_at__gt=now - DAY).count()
    if triggered >= settings.max_a_day:
        yield f"triggers requested {triggered} trainings within a day, and may request {settings.max_a_day}"
    if reason := reason_not_to_train(event_type, only_if_new_labels=needs_labels(reached)):
        yield reason


def needs_labels(reached: Reading) -> bool:
    """Whether a training for this reason only makes sense on other data than that of the latest versions."""
    return reached.trigger != RECIPE


def _successor(champion: ModelVersion, *, now: datetime) -> ModelVersion | None:
    """The latest version that was trained after the champion, within PATIENCE."""
    later = promotable_versions(champion.event_type).filter(number__gt=champion.number)
    recent = later.filter(trained_at__gt=now - PATIENCE)
    return recent.only("name", "status").order_by("-number").first()


def _request(found: CheckedType, reached: Reading, *, now: datetime) -> CheckedType:
    """The check with the training that it requested, or why it did not. Of two at once, one requests."""
    champion, settings = find_version(found.model), trigger_settings.of(found.event_type)
    with transaction.atomic():
        lock_until_commit(LockSpace.TRIGGERS, found.event_type)
        if why_not := why_not_train(champion, reached, settings, now=now):
            return replace(found, why_not=why_not)
        try:
            number = _train(champion, reached, now=now)
        except ScoringError as error:
            return replace(found, why_not=str(error))
    return replace(found, training=number)


def _train(champion: ModelVersion, reached: Reading, *, now: datetime) -> int:
    """Queue the training for a reached trigger, with its cause; returns its number."""
    figures = reached.as_data()
    text = reading_text(figures)
    logger.info("training of %s by the trigger %s: %s", champion.event_type, reached.trigger, text)
    return request_training(
        champion.event_type,
        options=usual_options(champion),
        now=now,
        actor=f"{ACTOR}{reached.trigger}",
        trigger={"trigger": reached.trigger, "model": champion.name, "text": text, "figures": figures},
    )
