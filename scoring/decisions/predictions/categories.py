"""Encode categories by a model's vocabulary, the only part of a vector that differs between models."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import FeatureSet


def apply_vocabulary(
    features: NDArray[np.float64], *, feature_set: FeatureSet, fields: Sequence[Mapping[str, Any]]
) -> NDArray[np.float64]:
    """A copy of the vectors [n, F] with every category encoded by the vocabulary of `feature_set`.

    `fields`: the canonical fields and signals of the n events. As in the kernel, an unknown value is 0 and a
    missing one NaN. All other values are the same for every model of an event type.
    """
    coded = features.copy()
    for column, spec in enumerate(feature_set.features):
        if spec.field and spec.unit == "category":
            codes = {value: float(code) for code, value in enumerate(spec.vocabulary, start=1)}
            coded[:, column] = [_code(event.get(spec.field), codes) for event in fields]
    return coded


def _code(value: str | None, codes: Mapping[str, float]) -> float:
    return math.nan if value is None else codes.get(value, 0.0)
