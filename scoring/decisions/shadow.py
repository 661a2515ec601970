"""Score events by shadow models, from the vectors that decisions logged.

A shadow that cannot be used (not stored, other features, failing) leaves its events unscored. The process's
log says how many and why, and the consumer continues: nothing depends on shadow scores, and other shadows
should not wait. Once it can be used, `manage.py rebuild --projection scoring.shadow` scores them.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scoring.decisions.models import ShadowScore
from scoring.decisions.predictions.logged_scores import UNUSABLE, read_fields, score_logged, usable_model
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.registry.loaded_models import LoadedModel
from scoring.registry.routes import RouteTable, is_shadowed, table_from
from scoring.rules.policies.thresholds import outcome_of
from scoring.timestamps import from_iso

logger = logging.getLogger(__name__)

Routes = Mapping[tuple[str, int], RouteTable]


def score_shadows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Score the events that models decided by the shadows of each decision's route."""
    decided = [entry for entry in entries if entry.data["basis"] == "model" and entry.data["route"]]
    shadowed = {key: route for key, route in _read_routes(decided).items() if route.shadows}
    if not shadowed:
        return
    by_pair = _pair_with_shadows(decided, shadowed)
    fields = read_fields([entry for asked in by_pair.values() for entry in asked])
    for (shadow, decider), asked in by_pair.items():
        try:
            scores = _scores(shadow, decider, asked, fields=fields)
        except UNUSABLE as error:
            logger.error("shadow %s: %d events are not scored: %s", shadow, len(asked), error)
            continue
        # A revised event is scored once, for its first decision.
        ShadowScore.objects.bulk_create(scores, ignore_conflicts=True)


def _pair_with_shadows(decided: Sequence[Entry], shadowed: Routes) -> dict[tuple[str, str], list[Entry]]:
    """The decisions to score, by (shadow model, deciding model). `shadowed`: the routes with shadows."""
    by_pair: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in decided:
        data = entry.data
        route = shadowed.get((data["event_type"], data["route"]))
        if route is None:
            continue
        for shadow in route.shadows:
            if is_shadowed(route, shadow, data["unit"]):
                by_pair[shadow.model, data["model"]].append(entry)
    return by_pair


def _scores(
    shadow: str, decider: str, asked: Sequence[Entry], *, fields: Mapping[int, Mapping[str, Any]]
) -> list[ShadowScore]:
    model = usable_model(shadow)
    scores = score_logged(model, asked, decided_under=usable_model(decider).feature_set, fields=fields)
    if others := len(asked) - len(scores):
        logger.error("shadow %s: %d events are not scored: its features were not logged", shadow, others)
    return [_row(entry, scores[entry.position], model.loaded) for entry in asked if entry.position in scores]


def _row(entry: Entry, score: float, shadow: LoadedModel) -> ShadowScore:
    return ShadowScore(
        model=shadow.name,
        event_position=entry.data["event_position"],
        event_type=entry.data["event_type"],
        score=score,
        outcome=outcome_of(score, shadow.thresholds),
        decided=entry.data["outcome"],
        decided_at=from_iso(entry.data["decided_at"]),
    )


def _read_routes(decided: Sequence[Entry]) -> Routes:
    """The routes of decisions by event type and version, with one query per version."""
    types: dict[int, set[str]] = defaultdict(set)
    for route, name in {(entry.data["route"], entry.data["event_type"]) for entry in decided}:
        types[route].add(name)
    return {
        (changed.data["event_type"], version): table_from(changed)
        for version, names in types.items()
        for (changed,) in read_streams([f"route/{name}" for name in names], version=version).values()
    }
