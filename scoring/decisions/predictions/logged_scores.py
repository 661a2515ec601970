"""Scores of decided events by any model of their type, from the vectors that decisions logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.errors import ModelFailed
from scoring.decisions.predictions.event_texts import reveal_texts
from scoring.decisions.predictions.model_columns import fill_model_columns
from scoring.decisions.predictions.predicting import predict
from scoring.features.compile.plan import FeatureSet
from scoring.features.logged_vectors import unpack_also, unpack_vectors
from scoring.lanes.order import values_of
from scoring.log.entries import Entry
from scoring.log.read import read_positions
from scoring.registry.errors import ArtifactCorrupt, FeatureSetMissing, UnknownModel
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.loaded_models import LoadedModel, load_model

# Errors of a model that cannot be used: not stored, other features, failing.
UNUSABLE = (ArtifactCorrupt, UnknownModel, FeatureSetMissing, ModelFailed)


@dataclass(frozen=True, slots=True)
class UsableModel:
    """A loaded model and its feature set in this code."""

    loaded: LoadedModel
    feature_set: FeatureSet


def usable_model(name: str) -> UsableModel:
    """The model of this name. Raises UnknownModel, ArtifactCorrupt, FeatureSetMissing."""
    loaded = load_model(name)
    return UsableModel(loaded, check_feature_set(loaded))


def score_logged(
    model: UsableModel,
    decisions: Sequence[Entry],
    *,
    decided_under: FeatureSet,
    fields: Mapping[int, Mapping[str, Any]],
) -> dict[int, float]:
    """The model's scores of decided events, by position of the decision; none where its features were not
    logged.

    `decided_under`: the feature set of the model that decided them; `fields`: what `read_fields` gave. Raises
    ModelFailed.
    """
    vectors = _logged_vectors(decisions, decided_under=decided_under, wanted=model.feature_set)
    if not vectors:
        return {}
    of_events = [fields[_version_of(entry)] for entry in decisions if entry.position in vectors]
    texts = model.loaded.texts
    filled = fill_model_columns(
        np.stack(list(vectors.values())),
        feature_set=model.feature_set,
        fields=of_events,
        models=texts,
        texts=reveal_texts(model.loaded.event_type, of_events, names=[text.field for text in texts]),
    )
    return dict(zip(vectors, predict(model.loaded, filled).scores.tolist(), strict=True))


def read_fields(decisions: Sequence[Entry]) -> dict[int, Mapping[str, Any]]:
    """The values of the decided events, by the position of their receipt or correction."""
    positions = sorted({_version_of(entry) for entry in decisions})
    return {version.position: values_of(version.data) for version in read_positions(positions)}


def _logged_vectors(
    decisions: Sequence[Entry], *, decided_under: FeatureSet, wanted: FeatureSet
) -> dict[int, NDArray[np.float64]]:
    """The values [F] of a feature set by position of the decisions that logged them, as the deciding model's
    vector or in addition to it.
    """
    found = {}
    for entry in decisions:
        packed = entry.packed or b""
        own = entry.data["feature_set"] == decided_under.hash and decided_under.declared == wanted.declared
        also = unpack_also(entry.data, packed)
        if own:
            found[entry.position] = unpack_vectors(packed, width=len(wanted.names))[0]
        elif wanted.declared in also:
            found[entry.position] = also[wanted.declared]
    return found


def _version_of(decision: Entry) -> int:
    return int(decision.data.get("event_version", decision.data["event_position"]))
