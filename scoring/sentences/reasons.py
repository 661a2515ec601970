"""Turns contributions into reasons: sentences about what raises or lowers a score."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import FeatureSet
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import present
from scoring.sentences.value_sentences import ValueSentences

MAX_REASONS = 5
NOTICEABLE = 0.05  # log-odds; a smaller contribution changes the odds by less than 5 %

# Units whose numbers are names or positions in a cycle: their mean or median is not a usual value.
WITHOUT_USUAL = frozenset({"category", "hour", "weekday", "flag"})


class Medians(Protocol):
    """One number or None per feature, in set order."""

    def __getitem__(self, index: int, /) -> float | None: ...


def reasons_for(
    *,
    vector: NDArray[np.float64],
    contributions: NDArray[np.float64],
    context: NDArray[np.float64],
    feature_set: FeatureSet,
    medians: Medians,
) -> list[dict[str, Any]]:
    """At most MAX_REASONS reasons: what raises the score, strongest first, then what lowers it.

    `vector` [F]; `context` [F]: what is usual for the entity, or NaN, which the median of the model's
    training rows replaces; `contributions` [F + 1] to the margin, with the bias last. A reason is {"code",
    "feature", "value", "usual", "contribution", "text"}; `value` and `usual` are formatted for people, None
    if unknown.
    """
    values, own, amounts = vector.tolist(), context.tolist(), contributions.tolist()
    sentences = _sentences_of(feature_set)
    return [
        _reason(
            feature_set.features[column],
            sentences[column],
            value=values[column],
            own=own[column],
            median=medians[column],
            contribution=amounts[column],
        )
        for column in select_columns(amounts[:-1])
    ]


def select_columns(sizes: Sequence[float]) -> list[int]:
    """The columns of the contributions to report: noticeable increases by size, then decreases; if none, the
    largest one.
    """
    rising = sorted(
        (column for column, size in enumerate(sizes) if size >= NOTICEABLE), key=lambda column: -sizes[column]
    )
    if len(rising) < MAX_REASONS:
        falling = (column for column in reversed(range(len(sizes))) if sizes[column] <= -NOTICEABLE)
        rising += sorted(falling, key=sizes.__getitem__)
    return rising[:MAX_REASONS] or [max(range(len(sizes)), key=lambda column: abs(sizes[column]))]


@lru_cache(maxsize=64)
def _sentences_of(feature_set: FeatureSet) -> tuple[ValueSentences, ...]:
    return tuple(ValueSentences(spec) for spec in feature_set.features)


def _reason(
    spec: FeatureSpec,
    sentences: ValueSentences,
    *,
    value: float,
    own: float,
    median: float | None,
    contribution: float,
) -> dict[str, Any]:
    is_own = not math.isnan(own)
    usual = own if is_own or median is None else median
    compared = math.nan if spec.unit in WITHOUT_USUAL else usual
    return {
        "code": spec.code,
        "feature": spec.name,
        "value": present(spec, value),
        "usual": present(spec, compared),
        "contribution": round(contribution, 6),
        "text": sentences.describe(value=value, usual=compared, own=is_own),
    }
