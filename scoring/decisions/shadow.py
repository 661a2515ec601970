"""Score events by shadow models, from the vectors that decisions logged.

A shadow that cannot be used (not stored, other features, failing) leaves its events unscored. The process's
log says how many and why, and the consumer continues: nothing depends on shadow scores, and other shadows
should not wait. Once it can be used, `manage.py rebuild --projection scoring.shadow` scores them.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.errors import ModelFailed
from scoring.decisions.models import ShadowScore
from scoring.decisions.predictions.event_texts import reveal_texts
from scoring.decisions.predictions.model_columns import fill_model_columns
from scoring.decisions.predictions.predicting import predict
from scoring.features.compile.plan import FeatureSet
from scoring.features.logged_vectors import unpack_also, unpack_vectors
from scoring.lanes.order import values_of
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_streams
from scoring.registry.errors import ArtifactCorrupt, FeatureSetMissing, UnknownModel
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.loaded_models import LoadedModel, load_model
from scoring.registry.routes import RouteTable, is_shadowed, table_from
from scoring.rules.policies.thresholds import outcome_of
from scoring.timestamps import from_iso

logger = logging.getLogger(__name__)

UNUSABLE = (ArtifactCorrupt, UnknownModel, FeatureSetMissing, ModelFailed)

Routes = Mapping[tuple[str, int], RouteTable]


@dataclass(frozen=True, slots=True)
class UsableModel:
    """A loaded model and its feature set in this code."""

    loaded: LoadedModel
    feature_set: FeatureSet


def score_shadows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Score the events that models decided by the shadows of each decision's route."""
    decided = [entry for entry in entries if entry.data["basis"] == "model" and entry.data["route"]]
    shadowed = {key: route for key, route in _read_routes(decided).items() if route.shadows}
    if not shadowed:
        return
    by_pair = _pair_with_shadows(decided, shadowed)
    fields = _read_fields([entry for asked in by_pair.values() for entry in asked])
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
    model = _usable(shadow)
    vectors = _logged_vectors(asked, decided_under=_usable(decider).feature_set, wanted=model.feature_set)
    if others := len(asked) - len(vectors):
        logger.error("shadow %s: %d events are not scored: its features were not logged", shadow, others)
    if not vectors:
        return []
    logged = [entry for entry in asked if entry.position in vectors]
    of_events = [fields[_version_of(entry)] for entry in logged]
    texts = model.loaded.texts
    filled = fill_model_columns(
        np.stack(list(vectors.values())),
        feature_set=model.feature_set,
        fields=of_events,
        models=texts,
        texts=reveal_texts(model.loaded.event_type, of_events, names=[text.field for text in texts]),
    )
    scores = predict(model.loaded, filled).scores
    return [_row(entry, float(score), model.loaded) for entry, score in zip(logged, scores, strict=True)]


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


def _usable(name: str) -> UsableModel:
    loaded = load_model(name)
    return UsableModel(loaded, check_feature_set(loaded))


def _logged_vectors(
    asked: Sequence[Entry], *, decided_under: FeatureSet, wanted: FeatureSet
) -> dict[int, NDArray[np.float64]]:
    """The values [F] of a feature set by position of the decisions that logged them, as the deciding model's
    vector or in addition to it.
    """
    found = {}
    for entry in asked:
        packed = entry.packed or b""
        own = entry.data["feature_set"] == decided_under.hash and decided_under.declared == wanted.declared
        also = unpack_also(entry.data, packed)
        if own:
            found[entry.position] = unpack_vectors(packed, width=len(wanted.names))[0]
        elif wanted.declared in also:
            found[entry.position] = also[wanted.declared]
    return found


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


def _read_fields(decided: Sequence[Entry]) -> dict[int, Mapping[str, Any]]:
    """The values of the decided events, by the position of their receipt or correction."""
    positions = sorted({_version_of(entry) for entry in decided})
    return {version.position: values_of(version.data) for version in read_positions(positions)}


def _version_of(decision: Entry) -> int:
    return int(decision.data.get("event_version", decision.data["event_position"]))
