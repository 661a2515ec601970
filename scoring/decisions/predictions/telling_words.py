"""What in a text speaks for a label: marks in the original, and the words that a reason may quote."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.predictions.event_texts import EventTexts, Fields
from scoring.features.compile.plan import FeatureSet
from scoring.registry.loaded_models import LoadedModel
from scoring.registry.text_models import ANY_POLICY, TextModel
from scoring.texts.ngrams import ngram_spans
from scoring.texts.normalization import normalize_text

MAX_QUOTED = 3
MIN_MARK_SHARE = 0.1  # of the strongest mark; weaker ones tell nothing
_WORD, _RUN = re.compile(r"\w+"), re.compile(r"\S+")

Mark = tuple[int, int, float]  # start and end in the original text, log-odds


def explain_text(
    loaded: LoadedModel, text: str, head: str = ANY_POLICY, *, field: str = "text"
) -> list[Mark]:
    """The telling parts of a text, in order: what its words add to the margin of a head's text model.

    Neighboring words that speak for the same side are one part. Empty without a text model of the field, or
    if it did not learn the head.
    """
    model = next((each for each in loaded.texts if each.field == field and head in each.heads), None)
    if model is None:
        return []
    added = _added_by_characters(model, text, head)
    return [(start, end, float(added[start:end].sum())) for start, end in _joined(_strong(text, added), text)]


def _added_by_characters(model: TextModel, text: str, head: str) -> NDArray[np.float64]:
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


def quote_words(
    reasons: Sequence[dict[str, Any]],
    *,
    feature_set: FeatureSet,
    models: Sequence[TextModel],
    event: Fields,
    texts: EventTexts,
) -> list[dict[str, Any]]:
    """The reasons; those that a text resembles labeled ones with its telling words: "...: 'free iphone'".

    Quoted are only phrases of the model's lexicon, which several authors wrote.
    """
    shown = {feature_set.names[column]: (field, head) for column, field, head in feature_set.resemblances}
    return [
        _quoted(reason, *shown[reason["feature"]], models=models, event=event, texts=texts)
        if reason["feature"] in shown and (reason["value"] or 0) > 0
        else reason
        for reason in reasons
    ]


def _quoted(
    reason: dict[str, Any],
    field: str,
    head: str,
    *,
    models: Sequence[TextModel],
    event: Fields,
    texts: EventTexts,
) -> dict[str, Any]:
    [text] = texts.of(field, [event])
    model = next((each for each in models if each.field == field), None)
    phrases = telling_phrases(text, model.lexicon.get(head, {})) if model and text else []
    if not phrases:
        return reason
    return {**reason, "text": f"{reason['text']}: " + ", ".join(f"'{phrase}'" for phrase in phrases)}


def telling_phrases(text: str, lexicon: Mapping[str, float]) -> list[str]:
    """The strongest phrases of a lexicon in a text, at most MAX_QUOTED, none of them part of another."""
    words = _WORD.findall(normalize_text(text).text)
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    known = {phrase for phrase in (*words, *pairs) if phrase in lexicon}
    found = sorted(known, key=lambda phrase: (-lexicon[phrase], phrase))
    chosen: list[str] = []
    for phrase in found:
        if len(chosen) < MAX_QUOTED and not any(set(phrase.split()) & set(each.split()) for each in chosen):
            chosen.append(phrase)
    return chosen
