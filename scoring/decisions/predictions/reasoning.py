"""Reasons of the scores of a model and its heads, in words: the same for live decisions and replay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.predictions.event_texts import EventTexts, Fields
from scoring.decisions.predictions.telling_words import quote_words
from scoring.features.compile.plan import FeatureSet
from scoring.registry.loaded_models import LoadedModel
from scoring.sentences.reasons import reasons_for


@dataclass(frozen=True, slots=True)
class Reasoner:
    """Gives the reasons for contributions to the vectors [n, F] of n events.

    `context` [n, F]: what is usual for each entity. `fields`: the events' canonical values; `texts`: their
    texts, None if the model reads none.
    """

    loaded: LoadedModel
    feature_set: FeatureSet
    features: NDArray[np.float64]
    context: NDArray[np.float64]
    fields: Sequence[Fields]
    texts: EventTexts | None

    def reasons(self, row: int, contributions: NDArray[np.float64]) -> list[dict[str, Any]]:
        """The reasons of one event's contributions [F + 1], the bias last."""
        reasons = reasons_for(
            vector=self.features[row],
            contributions=contributions,
            context=self.context[row],
            feature_set=self.feature_set,
            medians=self.loaded.medians,
        )
        if self.texts is None:
            return reasons
        return quote_words(
            reasons,
            feature_set=self.feature_set,
            models=self.loaded.texts,
            event=self.fields[row],
            texts=self.texts,
        )
