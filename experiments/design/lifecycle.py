"""Starting and stopping: an experiment's entry and the change of the route it means, in one transaction."""

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
from scoring.catalog.card_numbers import mask_card_numbers
from scoring.catalog.fields import Entity
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
_TAKEN_BY_PAGES = ("start",)


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
    """Give `treatment` its `share` of the type's units, by a hash of its own; the champion is the control.

    `plan`, if any, is {"baseline", "effect", "units"} as worked out beforehand. Gives `experiment.started`.
    Raises an ExperimentError or, of the models, a ScoringError that says what is in the way; StreamConflict
    when the route changed meanwhile.
    """
    _check_wording(name, share, hypothesis, primary_metric)
    with transaction.atomic():
        _take_turns(event_type)
        route = _free_route(event_type, now=now)
        _check_models(event_type, control=route.champion.model, treatment=treatment)
        started = NewEntry(
            stream=f"experiment/{name}",
            expected_version=_unused(name),
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
    """End a running experiment: `winner` gets all traffic. Gives `experiment.stopped`.

    Raises ExperimentNotFound, ExperimentNotRunning, ExperimentDisplaced; with the treatment as winner, what
    `promote` raises.
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
            _give_back(route, name=name, actor=actor, now=now)
    return entry


def unit_of(event_type: str) -> str:
    """The entity that is hashed: the customer if the type has one, else the first entity every event has."""
    fields = find_event_type(event_type).fields
    entities = {name: field for name, field in fields.items() if isinstance(field, Entity)}
    always_there = [name for name, field in entities.items() if not field.optional]
    return PREFERRED_UNIT if PREFERRED_UNIT in always_there else next(iter(always_there or entities))


def salt_of(name: str) -> str:
    """The salt of an experiment's split: of its name, so that two experiments split independently."""
    return f"experiment/{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _check_wording(name: str, share: float, hypothesis: str, primary_metric: str) -> None:
    if not re.match(NAME_PATTERN, name) or name in _TAKEN_BY_PAGES:
        raise InvalidExperiment(
            "name", "a name has 2 to 60 lower-case letters, digits and dashes, like new-model-in-march"
        )
    if not 0 < share < 1:
        raise InvalidExperiment("share", "the treatment's share lies between 0 and 1: both arms need units")
    if not hypothesis.strip():
        raise InvalidExperiment("hypothesis", "say what you expect, before you see what happens")
    if primary_metric not in BY_NAME:
        raise InvalidExperiment("primary_metric", f"the primary metric is one of {', '.join(BY_NAME)}")


def _take_turns(event_type: str) -> None:
    """One start per event type at a time until the transaction ends: a second one finds the traffic taken."""
    lock_until_commit(LockSpace.EXPERIMENT, event_type)


def _free_route(event_type: str, *, now: datetime) -> RouteTable:
    """The type's route if nothing shares its traffic; notes an experiment that lost its share."""
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
    """Both approved, the treatment another model of the same type that this code can run."""
    if treatment == control:
        raise InvalidExperiment("treatment", f"{treatment} is the champion: it would be compared with itself")
    for name in (treatment, control):
        version = find_version(name)
        if version.event_type != event_type:
            raise InvalidExperiment("treatment", f"{name} decides {version.event_type}, not {event_type}")
        if version.status != ModelVersion.Status.APPROVED:
            raise NotApproved(name=name, status=version.status)
        require_usable(version)


def _unused(name: str) -> int:
    """Version 0, if the stream has not begun."""
    if read_stream(f"experiment/{name}"):
        raise ExperimentExists(name)
    return 0


def _split(route: RouteTable, *, treatment: str, share: float, name: str, actor: str, now: datetime) -> None:
    """The treatment becomes the canary; a shadow of it ends, the others stay."""
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


def _give_back(route: RouteTable, *, name: str, actor: str, now: datetime) -> None:
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
