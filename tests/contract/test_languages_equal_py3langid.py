"""The compact language model finds the features that py3langid's automaton finds, and the same language."""

from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from scoring.texts.language_model import LanguageModel
from scoring.texts.languages import LANGUAGES

CHOSEN = {*LANGUAGES, "nn", "zxx"}
SENTENCES = (
    "I will come home later this evening",
    "Ich komme heute Abend später nach Hause",
    "СЕГОДНЯ ВЕЧЕРОМ Я ПРИДУ ДОМОЙ ПОЗДНО",
    "سأعود إلى المنزل في وقت متأخر هذا المساء",
    "我今天晚上会晚一点回家",
    "Vračam se pozno zvečer, kasno uveče se vraćam",
)


@cache
def published() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(CHOSEN)
    return identifier


@cache
def ours() -> LanguageModel:
    return LanguageModel.read(CHOSEN)


def features_published(octets: bytes) -> list[int]:
    """The automaton of the package, walked over a text."""
    model, state, found = published(), 0, []
    for octet in octets:
        state = model.tk_nextmove[(model.tk_row[state] << 8) + octet]
        found.append(model.tk_output[state])
    return [feature for feature in found if feature >= 0]


@given(
    st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
)
@example(b"")
@example(" ".join(SENTENCES).encode())
@example(Path(__file__).read_bytes())
def test_the_same_features_in_the_same_order(octets: bytes) -> None:
    found = ours().ngrams.found_in(octets)
    assert found[found >= 0].tolist() == features_published(octets)


@given(
    st.lists(st.sampled_from([word for text in SENTENCES for word in text.split()]), min_size=1, max_size=20)
)
def test_the_same_language_with_the_same_share(words: list[str]) -> None:
    text = " ".join(words)
    language, share = published().classify(text)
    assert ours().classify(text)[0] == language
    assert np.isclose(ours().classify(text)[1], share, rtol=1e-5)
