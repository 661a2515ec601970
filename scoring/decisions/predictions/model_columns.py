"""Fill in what differs between models in a vector: codes of categories, and resemblances of texts."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.predictions.event_texts import EventTexts
from scoring.features.compile.plan import FeatureSet
from scoring.registry.text_models import TextModel


def fill_model_columns(
    features: NDArray[np.float64],
    *,
    feature_set: FeatureSet,
    fields: Sequence[Mapping[str, Any]],
    models: Sequence[TextModel] = (),
    texts: EventTexts | None = None,
) -> NDArray[np.float64]:
    """A copy of the vectors [n, F] of n events, as a model with this set and these text models sees them.

    `fields`: the canonical fields and signals of the events. As in the kernel, an unknown category is 0 and a
    missing one NaN. A resemblance is NaN for a text that is missing or erased, and for a head that the model
    did not learn. All other values are the same for every model of an event type.
    """
    filled = features.copy()
    for column, spec in enumerate(feature_set.features):
        if spec.field and spec.unit == "category":
            codes = {value: float(code) for code, value in enumerate(spec.vocabulary, start=1)}
            filled[:, column] = [_code(event.get(spec.field), codes) for event in fields]
    filled[:, [column for column, *_ in feature_set.resemblances]] = math.nan
    for model in models:
        known = (texts or EventTexts(feature_set.event_type)).of(model.field, fields)
        model.fill(filled, resemblances=feature_set.resemblances, texts=known)
    return filled


def _code(value: str | None, codes: Mapping[str, float]) -> float:
    return math.nan if value is None else codes.get(value, 0.0)
