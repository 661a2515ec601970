"""Starts and stops experiments: the log entry and the change of the route, in one transaction."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from experiments.design.interruptions import interrupt_displaced, is_displaced, why_displaced
from experiments.errors import (
    ExperimentDisplaced,
    ExperimentExists,
    ExperimentNotFound,
    ExperimentNotRunning,
    InvalidExperiment,
    NoChampion,
    TrafficTaken,
)
from experiments.metrics import BY_NAME
from experiments.models import Experiment
from scoring.catalog.fields import Entity
from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.errors import NotApproved
from scoring.learning.promotion.promote import promote, require_usable
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_stream
from scoring.registry.model_versions import find_version
from scoring.registry.models import ModelVersion, Route
from scoring.registry.routes import CANARY, CHAMPION, Arm, RouteTable, change_route, route_of
from scoring.sql.advisory_locks import LockSpace, lock_until_commit

Winner = Literal["control", "treatment"]

PREFERRED_UNIT = "customer"
NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{1,59}\Z"
_RESERVED_NAMES = ("start",)


def start_experiment(
    *,
    event_type: str,
    treatment: str,
    share: float,
    name: str,
    hypothesis: str,
    primary_metric: str,
    actor: str,
    now: datetime,
    plan: Mapping[str, Any] | None = None,
) -> Entry:
    """Give `treatment` a `share` of the type's units by a salted hash; the champion is the control.

    `plan`, if any, is {"baseline", "effect", "units"}. Returns the entry `experiment.started`. Raises an
    ExperimentError, a ScoringError about the models, or StreamConflict if the route changed meanwhile.
    """
    _check_wording(name, share, hypothesis, primary_metric)
    with transaction.atomic():
        _take_turns(event_type)
        route = _free_route(event_type, now=now)
        _check_models(event_type, control=route.champion.model, treatment=treatment)
        started = NewEntry(
            stream=f"experiment/{name}",
            expected_version=_expect_unused(name),
            type="experiment.started",
            data={
                "event_type": event_type,
                "hypothesis": mask_card_numbers(hypothesis.strip()),
                "control": route.champion.model,
                "treatment": treatment,
                "share": share,
                "unit": unit_of(event_type),
                "salt": salt_of(name),
                "route_version": route.version + 1,
                "primary_metric": primary_metric,
                "plan": dict(plan or {}),
                "started_by": actor,
            },
            metadata={"actor": actor},
        )
        entry = append([started], now=now)[0]
        _split(route, treatment=treatment, share=share, name=name, actor=actor, now=now)
    return entry


def stop_experiment(
    name: str, *, actor: str, reason: str, now: datetime, winner: Winner = "control"
) -> Entry:
    """End a running experiment: `winner` gets all traffic. Returns the entry `experiment.stopped`.

    Raises ExperimentNotFound, ExperimentNotRunning, ExperimentDisplaced, and the errors of `promote` if the
    treatment wins.
    """
    with transaction.atomic():
        experiment = Experiment.objects.select_for_update().filter(name=name).first()
        if experiment is None:
            raise ExperimentNotFound(name)
        if experiment.state != Experiment.State.RUNNING:
            raise ExperimentNotRunning(name, experiment.get_state_display().lower())
        route = route_of(experiment.event_type)
        if route is None or is_displaced(experiment, route):
            raise ExperimentDisplaced(name, why_displaced(Route.objects.get(pk=experiment.event_type)))
        stopped = NewEntry(
            stream=experiment.stream,
            expected_version=1,
            type="experiment.stopped",
            data={"reason": mask_card_numbers(reason.strip()), "by": actor, "winner": winner},
            metadata={"actor": actor},
        )
        entry = append([stopped], now=now)[0]
        if winner == "treatment":
            promote(experiment.treatment, actor=actor, now=now)
        else:
            _restore_champion(route, name=name, actor=actor, now=now)
    return entry


def unit_of(event_type: str) -> str:
    """The entity to hash: the customer if every event has one, else the first required entity."""
    fields = find_event_type(event_type).fields
    entities = {name: field for name, field in fields.items() if isinstance(field, Entity)}
    required = [name for name, field in entities.items() if not field.optional]
    return PREFERRED_UNIT if PREFERRED_UNIT in required else next(iter(required or entities))


def salt_of(name: str) -> str:
    """The salt of an experiment's split, from its name, so that experiments split independently."""
    return f"experiment/{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _check_wording(name: str, share: float, hypothesis: str, primary_metric: str) -> None:
    if not re.match(NAME_PATTERN, name) or name in _RESERVED_NAMES:
        raise InvalidExperiment(
            "name", "use 2 to 60 lowercase letters, digits and dashes, such as new-model-in-march"
        )
    if not 0 < share < 1:
        raise InvalidExperiment(
            "share", "the treatment's share must be between 0 and 1, so that both arms get units"
        )
    if not hypothesis.strip():
        raise InvalidExperiment("hypothesis", "state what you expect before the experiment starts")
    if primary_metric not in BY_NAME:
        raise InvalidExperiment("primary_metric", f"the primary metric must be one of {', '.join(BY_NAME)}")


def _take_turns(event_type: str) -> None:
    """One start per event type at a time until the transaction ends: a second one finds the traffic taken."""
    lock_until_commit(LockSpace.EXPERIMENT, event_type)


def _free_route(event_type: str, *, now: datetime) -> RouteTable:
    """The type's route if nothing shares its traffic; marks a displaced experiment as interrupted."""
    route = route_of(event_type)
    if route is None:
        raise NoChampion(event_type)
    interrupt_displaced(route, Route.objects.get(pk=event_type), now=now)
    running = Experiment.objects.filter(event_type=event_type, state=Experiment.State.RUNNING).first()
    if running is not None:
        raise TrafficTaken(event_type, f"the experiment {running.name}")
    if route.canary is not None:
        raise TrafficTaken(event_type, f"the canary {route.canary.model}")
    return route


def _check_models(event_type: str, *, control: str, treatment: str) -> None:
    """Check that both models are approved, of this type, runnable by this code, and different."""
    if treatment == control:
        raise InvalidExperiment(
            "treatment", f"{treatment} is the champion and cannot be compared with itself"
        )
    for name in (treatment, control):
        version = find_version(name)
        if version.event_type != event_type:
            raise InvalidExperiment(
                "treatment", f"{name} is a model of {version.event_type}, not of {event_type}"
            )
        if version.status != ModelVersion.Status.APPROVED:
            raise NotApproved(name=name, status=version.status)
        require_usable(version)


def _expect_unused(name: str) -> int:
    """The expected version 0 of a new stream. Raises ExperimentExists."""
    if read_stream(f"experiment/{name}"):
        raise ExperimentExists(name)
    return 0


def _split(route: RouteTable, *, treatment: str, share: float, name: str, actor: str, now: datetime) -> None:
    """Make the treatment the canary and end its shadow; other shadows stay."""
    arms = [
        Arm(name=CHAMPION, model=route.champion.model, role=CHAMPION, share=1 - share),
        Arm(name=CANARY, model=treatment, role=CANARY, share=share),
        *(arm for arm in route.shadows if arm.model != treatment),
    ]
    change_route(
        route.event_type,
        arms=arms,
        salt=salt_of(name),
        unit=unit_of(route.event_type),
        expected_version=route.version,
        actor=actor,
        reason=f"experiment {name} started",
        now=now,
        experiment=name,
    )


def _restore_champion(route: RouteTable, *, name: str, actor: str, now: datetime) -> None:
    champion = Arm(name=CHAMPION, model=route.champion.model, role=CHAMPION, share=1.0)
    change_route(
        route.event_type,
        arms=[champion, *route.shadows],
        salt=route.salt,
        unit=route.unit,
        expected_version=route.version,
        actor=actor,
        reason=f"experiment {name} stopped",
        now=now,
    )
