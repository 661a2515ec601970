"""What in a text speaks for a label: the words that a reason may quote."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from scoring.decisions.predictions.event_texts import EventTexts, Fields
from scoring.features.compile.plan import FeatureSet
from scoring.registry.text_weights import TextWeights
from scoring.texts.normalization import normalize_text

MAX_QUOTED = 3
_WORD = re.compile(r"\w+")


def quote_words(
    reasons: Sequence[dict[str, Any]],
    *,
    feature_set: FeatureSet,
    models: Sequence[TextWeights],
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
    models: Sequence[TextWeights],
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
