"""Categories under another vocabulary: the one part of a vector that differs from model to model."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.plan import FeatureSet


def code_categories(
    features: NDArray[np.float64], *, feature_set: FeatureSet, fields: Sequence[Mapping[str, Any]]
) -> NDArray[np.float64]:
    """A copy of the vectors [n, F] with every category coded as `feature_set` has it.

    `fields`: the canonical fields of the n events. As the kernel has it, a value that the vocabulary does not
    know is 0 and a missing one NaN; everything else in a vector is the same for all models of a type.
    """
    coded = features.copy()
    for column, spec in enumerate(feature_set.features):
        if spec.field and spec.unit == "category":
            codes = {value: float(code) for code, value in enumerate(spec.vocabulary, start=1)}
            coded[:, column] = [_code(event.get(spec.field), codes) for event in fields]
    return coded


def _code(value: str | None, codes: Mapping[str, float]) -> float:
    return math.nan if value is None else codes.get(value, 0.0)
