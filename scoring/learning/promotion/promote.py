"""Deploying approved models and rolling them back: changes to a route's arms, each a log entry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from redis import RedisError

from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import first_entity, scored_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.lanes.order import ITEMS_A_CHUNK, count_items_after, find_head, read_head
from scoring.learning.errors import (
    FeaturesNotBackfilled,
    ModelNotPromotable,
    NoModelYet,
    NotApproved,
    NothingToRollBackTo,
)
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.registry.errors import InvalidRoute
from scoring.registry.feature_sets import check_feature_set, declared_set_of
from scoring.registry.model_versions import champion_of, describe_model, find_version, promotable_versions
from scoring.registry.models import ModelVersion
from scoring.registry.routes import CANARY, CHAMPION, SHADOW, Arm, RouteTable, change_route, route_of
from scoring.states.store import OnlineStore

ROLLED_BACK, CANARY_STOPPED = "rolled back", "canary stopped"


def promote(name: str, *, actor: str, now: datetime) -> Entry:
    """Make an approved model its event type's champion for all traffic. Shadows of other models stay.

    Raises UnknownModel, NotApproved, ModelNotPromotable (because of its lineage), FeatureSetMissing,
    FeaturesNotBackfilled, ArtifactCorrupt, and StreamConflict if the route changed concurrently.
    """
    version = _approved(name)
    return _make_champion(version, actor=actor, reason="promoted", now=now)


def start_canary(name: str, *, share: float, actor: str, now: datetime) -> Entry:
    """Give an approved model a share (between 0 and 1) of the units, and the champion the rest.

    If the model is the canary already, its share changes; units stay in a growing share. Raises the same
    errors as `promote`, and InvalidRoute for an invalid share or arm.
    """
    version = _approved(name)
    route = _route_for(version)
    if route.canary and route.canary.model != name:
        raise InvalidRoute(route.event_type, f"{route.canary.model} is the canary; stop it first")
    if not 0 < share < 1:
        raise InvalidRoute(route.event_type, f"a canary's share must be between 0 and 1, not {share:g}")
    arms = [
        Arm(CHAMPION, route.champion.model, CHAMPION, 1.0 - share),
        Arm(CANARY, name, CANARY, share),
        *_shadows_without(route, name),
    ]
    return _change(route, arms, actor=actor, reason=f"canary of {100 * share:.4g} %", now=now)


def start_shadow(name: str, *, actor: str, now: datetime, share: float = 1.0) -> Entry:
    """Let an approved model score a share of the units in shadow, without effect on decisions.

    An experiment on the route continues. Raises the same errors as `promote`, and InvalidRoute.
    """
    version = _approved(name)
    route = _route_for(version)
    if route.canary and route.canary.model == name:
        raise InvalidRoute(route.event_type, f"{name} is the canary; stop it before it becomes a shadow")
    traffic = [arm for arm in route.arms if arm.role != SHADOW]
    shadow = Arm(f"{SHADOW}-{version.number}", name, SHADOW, share)
    arms = [*traffic, *_shadows_without(route, name), shadow]
    return _change(route, arms, actor=actor, reason="shadow", now=now, experiment=route.experiment)


def stop_arm(
    name: str, *, actor: str, now: datetime, why: str = "", figures: Mapping[str, Any] | None = None
) -> Entry:
    """Remove a canary or a shadow from the route. The champion takes over a canary's share.

    `why` a canary is stopped and the `figures` behind that are logged with the change. Raises UnknownModel,
    and InvalidRoute if the model is neither.
    """
    event_type = find_version(name).event_type
    route = route_of(event_type)
    arm = next((arm for arm in route.arms if arm.model == name), None) if route else None
    if route is None or arm is None or arm.role == CHAMPION:
        raise InvalidRoute(event_type, f"{name} is neither canary nor shadow, so it cannot be stopped")
    if arm.role == CANARY:
        arms = [_sole(route.champion.model), *route.shadows]
        reason = _reason(CANARY_STOPPED, why)
        return _change(route, arms, actor=actor, reason=reason, now=now, figures=figures)
    left = [other for other in route.arms if other.model != name]
    return _change(route, left, actor=actor, reason="shadow stopped", now=now, experiment=route.experiment)


def roll_back(
    event_type: str, *, actor: str, now: datetime, why: str = "", figures: Mapping[str, Any] | None = None
) -> Entry:
    """Make the previous champion the champion for all traffic again. It needs no new approval.

    `why`, and the `figures` behind that, are logged with the change. Raises UnknownEventType,
    EventTypeNotScored, NothingToRollBackTo, and the errors of `promote` for a model that cannot decide.
    """
    scored_type(event_type)
    name = previous_champion(event_type)
    if name is None:
        raise NothingToRollBackTo(event_type)
    reason = _reason(ROLLED_BACK, why)
    return _make_champion(find_version(name), actor=actor, reason=reason, now=now, figures=figures)


def previous_champion(event_type: str) -> str | None:
    """The champion that a rollback would restore. Models that were rolled back are skipped."""
    champions = champions_in_order(read_stream(f"route/{event_type}"))
    return champions[-2] if len(champions) > 1 else None


def champions_in_order(entries: Sequence[Entry]) -> list[str]:
    """The champions that led to the current one, oldest first, from a route's entries in order."""
    champions: list[str] = []
    for entry in entries:
        champion = next(arm["model"] for arm in entry.data["arms"] if arm["role"] == CHAMPION)
        if is_roll_back(entry) and champion in champions:
            while champions[-1] != champion:
                champions.pop()
        elif champions[-1:] != [champion]:
            champions.append(champion)
    return champions


def is_roll_back(entry: Entry) -> bool:
    """Whether a change of a route rolled back to an earlier champion."""
    reason: str = entry.data["reason"]
    return reason == ROLLED_BACK or reason.startswith(f"{ROLLED_BACK}: ")


def newest_promotable(event_type: str) -> str:
    """The name of the type's newest model that is or could be approved.

    Raises UnknownEventType, EventTypeNotScored, NoModelYet.
    """
    scored_type(event_type)
    possible = promotable_versions(event_type).exclude(status=ModelVersion.Status.REJECTED)
    newest = possible.order_by("-number").values_list("name", flat=True).first()
    if newest is None:
        raise NoModelYet(event_type)
    return newest


def _make_champion(
    version: ModelVersion,
    *,
    actor: str,
    reason: str,
    now: datetime,
    figures: Mapping[str, Any] | None = None,
) -> Entry:
    require_usable(version)
    route = route_of(version.event_type)
    if route is None:
        # Chosen once, so that units never change their arm: the salt and the unit.
        route = RouteTable(
            version.event_type, 0, f"{version.event_type}/1", first_entity(version.event_type), ()
        )
    arms = [_sole(version.name), *_shadows_without(route, version.name)]
    return _change(route, arms, actor=actor, reason=reason, now=now, figures=figures)


def require_usable(version: ModelVersion) -> None:
    """Raises ModelNotPromotable, FeatureSetMissing, FeaturesNotBackfilled or ArtifactCorrupt if this code
    cannot run the version.
    """
    if reason := version.lineage.get("not_promotable"):
        raise ModelNotPromotable(name=version.name, reason=reason)
    _require_states(version, check_feature_set(describe_model(version.name)))


def _require_states(version: ModelVersion, own: FeatureSet) -> None:
    """Raises FeaturesNotBackfilled if the feature set differs from the champion's and the lane's online
    states in this code's layout lag by more than a worker applies at once when it takes the lane.
    """
    champion = champion_of(version.event_type)
    if champion is None or declared_set_of(find_version(champion)) == own.declared:
        return
    lane = find_event_type(version.event_type).lane
    try:
        cursor = OnlineStore(lane, lane_plan(lane).layout_id).cursor()
    except RedisError as error:
        raise FeaturesNotBackfilled(name=version.name, lane=lane) from error
    head = find_head(lane, cursor_value=cursor) if cursor else None
    missing = count_items_after(head) if head else read_head(lane).seq
    if missing > (ITEMS_A_CHUNK if head else 0):
        raise FeaturesNotBackfilled(name=version.name, lane=lane)


def _approved(name: str) -> ModelVersion:
    version = find_version(name)
    if version.status != ModelVersion.Status.APPROVED:
        raise NotApproved(name=name, status=version.status)
    return version


def _route_for(version: ModelVersion) -> RouteTable:
    """The route that a usable model can join next to its champion."""
    require_usable(version)
    route = route_of(version.event_type)
    if route is None:
        raise InvalidRoute(version.event_type, "there is no champion yet; promote a model first")
    if route.champion.model == version.name:
        raise InvalidRoute(version.event_type, f"{version.name} is already the champion")
    return route


def _sole(name: str) -> Arm:
    return Arm(CHAMPION, name, CHAMPION, 1.0)


def _shadows_without(route: RouteTable, name: str) -> list[Arm]:
    return [arm for arm in route.shadows if arm.model != name]


def _reason(change: str, why: str) -> str:
    return f"{change}: {why}" if why else change


def _change(
    route: RouteTable,
    arms: Sequence[Arm],
    *,
    actor: str,
    reason: str,
    now: datetime,
    experiment: str = "",
    figures: Mapping[str, Any] | None = None,
) -> Entry:
    return change_route(
        route.event_type,
        arms=arms,
        salt=route.salt,
        unit=route.unit,
        expected_version=route.version,
        actor=actor,
        reason=reason,
        now=now,
        experiment=experiment,
        figures=figures,
    )
