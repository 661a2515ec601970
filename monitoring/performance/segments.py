"""A model's figures by the values of the fields by which evaluations are sliced, to see where it fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.decided import DecidedEvents
from monitoring.performance.measuring import measure
from monitoring.performance.vectors import read_vectors
from monitoring.performance.watched import WatchedModel
from scoring.features.compile.plan import FeatureSet
from scoring.learning.fairness.fields import default_fields, slicings_of
from scoring.learning.fairness.slicing import Slicing

MAX_SLICED = 5_000  # events besides the positives, whose fields are read from the log
MIN_SLICED = 30  # events of a segment


@dataclass(frozen=True)
class SlicedDecisions:
    """Decided events as `slicings_of` reads them."""

    event_type: str
    feature_set: str
    vocabularies: dict[str, tuple[str, ...]]
    positions: NDArray[np.int64]
    X: NDArray[np.float64]


def measure_segments(
    model: WatchedModel, decided: DecidedEvents, *, estimated: bool = False
) -> list[dict[str, Any]]:
    """{"field", "name", "events", "positives", "share", "figures"} of each segment with enough events.

    `share`: of all events, by weight. Average precision is that at the segment's own share of positives.
    `estimated`: figures by what the scores expect instead of by labels.
    """
    if model.feature_set is None:
        return []
    events = decided.thinned(MAX_SLICED)
    judged = model.judged(events)
    if estimated:
        judged = judged.with_classes(events.score)
    return [
        {
            "field": slicing.field,
            "name": name,
            "events": int(inside.sum()),
            "positives": int(events.positive[inside].sum()),
            "share": float(events.weight[inside].sum() / events.weight.sum()),
            "figures": measure(judged.take(inside)),
        }
        for slicing in _slicings(model, model.feature_set, events)
        for name, inside in _segments(slicing)
        if inside.sum() >= MIN_SLICED
    ]


def _segments(slicing: Slicing) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for code, name in enumerate(slicing.names):
        yield name, slicing.codes == code


def _slicings(model: WatchedModel, features: FeatureSet, events: DecidedEvents) -> Iterator[Slicing]:
    sliced = SlicedDecisions(
        event_type=model.kind.name,
        feature_set=features.hash,
        vocabularies={name: tuple(values) for name, values in model.vocabularies.items()},
        positions=events.event,
        X=read_vectors(events.position.tolist(), width=len(features.names)),
    )
    return slicings_of(default_fields(model.kind, features.names), sliced)
