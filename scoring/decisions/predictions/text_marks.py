"""Which parts of a text speak for a label, as marks in the original; in NumPy alone, for the pages."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.registry.text_weights import ANY_POLICY, TextWeights
from scoring.texts.ngram_places import ngram_spans

MIN_MARK_SHARE = 0.1  # of the strongest mark; weaker ones tell nothing
_RUN = re.compile(r"\S+")

Mark = tuple[int, int, float]  # start and end in the original text, log-odds


def explain_text(
    models: Sequence[TextWeights], text: str, head: str = ANY_POLICY, *, field: str = "text"
) -> list[Mark]:
    """The telling parts of a text, in order: what its words add to the margin of a head's text model.

    Neighboring words that speak for the same side are one part. Empty without a text model of the field, or
    if it did not learn the head.
    """
    model = next((each for each in models if each.field == field and head in each.heads), None)
    if model is None:
        return []
    added = _added_by_characters(model, text, head)
    return [(start, end, float(added[start:end].sum())) for start, end in _joined(_strong(text, added), text)]


def _added_by_characters(model: TextWeights, text: str, head: str) -> NDArray[np.float64]:
    """What each character adds to the margin: its parts of the n-grams that it is in."""
    weights = model.weights[:, model.heads.index(head)]
    spans = ngram_spans(text)
    occurrences = Counter(column for column, *_ in spans)
    added = np.zeros(len(text) + 1)
    for column, value, start, end in spans:
        last = max(end, start + 1)
        added[start:last] += weights[column] * value / occurrences[column] / (last - start)
    return added


def _strong(text: str, added: NDArray[np.float64]) -> list[Mark]:
    """The words whose part of the margin is not negligible beside that of the strongest."""
    words = [
        (found.start(), found.end(), float(added[found.start() : found.end()].sum()))
        for found in _RUN.finditer(text)
    ]
    strongest = max((abs(weight) for *_, weight in words), default=0.0)
    return [word for word in words if strongest and abs(word[2]) >= MIN_MARK_SHARE * strongest]


def _joined(words: Sequence[Mark], text: str) -> list[tuple[int, int]]:
    """The places of the words; neighbors that speak for the same side are one."""
    joined: list[tuple[int, int, bool]] = []
    for start, end, weight in words:
        last = joined[-1] if joined else None
        if last and last[2] == (weight > 0) and not text[last[1] : start].strip():
            joined[-1] = (last[0], end, last[2])
        else:
            joined.append((start, end, weight > 0))
    return [(start, end) for start, end, _ in joined]
