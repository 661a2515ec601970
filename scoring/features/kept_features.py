"""The features that an enrichment leaves as they were: those that read nothing that it tells.

An enriched event is applied once more. Recency and distinct values, read again, would include the event
itself.
"""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.media.attachments import Attachments, ImageBand
from scoring.catalog.registry import event_type
from scoring.declare import SIMILARITY
from scoring.features.compile.plan import FeatureSet


def kept_features(feature_set: FeatureSet) -> NDArray[np.bool_]:
    """bool[F]: whether each feature keeps the value that it had before the event was enriched."""
    names = enriched_names(event_type(feature_set.event_type))
    reads = _pattern(names)
    return np.array([not (names and reads.search(spec.definition)) for spec in feature_set.features])


def kept_columns(feature_set: FeatureSet) -> NDArray[np.int64]:
    """The columns of these features in a folded row of the lane."""
    return feature_set.columns[kept_features(feature_set)]


def enriched_names(kind: type[EventType]) -> tuple[str, ...]:
    """How definitions name what an enrichment tells: of media, and how near texts are to others."""
    media = [name for name, field in kind.fields.items() if isinstance(field, (Attachments, ImageBand))]
    return (*media, *(f"{name}.{SIMILARITY}" for name in kind.compared_texts()))


@lru_cache(maxsize=64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
