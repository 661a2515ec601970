"""Turns contributions into reasons: sentences about what raises or lowers a score."""

import math
from itertools import chain, islice, takewhile
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import FeatureSet
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import present
from scoring.sentences.value_sentences import describe_value

MAX_REASONS = 5
NOTICEABLE = 0.05  # log-odds; a smaller contribution changes the odds by less than 5 %

# Units whose numbers are names or positions in a cycle: their mean or median is not a usual value.
WITHOUT_USUAL = frozenset({"category", "hour", "weekday", "flag", "log-odds"})


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
    return [
        _reason(
            feature_set.features[column],
            value=float(vector[column]),
            own=float(context[column]),
            median=medians[column],
            contribution=float(contributions[column]),
        )
        for column in select_columns(contributions[:-1])
    ]


def select_columns(contributions: NDArray[np.float64]) -> list[int]:
    """The columns to report: noticeable increases by size, then decreases; if none, the largest one."""
    order, sizes = np.argsort(-contributions, kind="stable").tolist(), contributions.tolist()
    rising = takewhile(lambda column: sizes[column] >= NOTICEABLE, order)
    falling = takewhile(lambda column: sizes[column] <= -NOTICEABLE, reversed(order))
    return list(islice(chain(rising, falling), MAX_REASONS)) or [int(np.argmax(np.abs(contributions)))]


def _reason(
    spec: FeatureSpec, *, value: float, own: float, median: float | None, contribution: float
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
        "text": describe_value(spec, value=value, usual=compared, own=is_own),
    }
