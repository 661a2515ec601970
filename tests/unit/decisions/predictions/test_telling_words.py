"""What a text is marked for, and what a reason quotes."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np

from scoring.decisions.predictions.telling_words import telling_phrases
from scoring.decisions.predictions.text_marks import explain_text
from scoring.registry.text_models import TextModel
from scoring.texts.ngram_places import COLUMNS
from scoring.texts.ngrams import ngram_rows


def loaded() -> Any:
    weights = np.zeros((COLUMNS, 1))
    weights[ngram_rows(["free iphone"]).indices, 0] = 2.0
    weights[ngram_rows(["thank you"]).indices, 0] = -2.0
    model = TextModel("text", ("spam",), weights, np.array([0.0]), {})
    return SimpleNamespace(texts=(model,))


def test_marks_are_places_in_the_original_text() -> None:
    text = "Get a FREE   iPhone today, thank you"
    marks = explain_text(loaded().texts, text, "spam")
    shown = {text[start:end]: weight for start, end, weight in marks}
    assert shown["FREE   iPhone"] > 0
    assert shown["thank you"] < 0
    assert "today," not in shown


def test_disguised_words_are_marked_where_they_stand() -> None:
    text = "well: fr\u0435\u0435 iph\u043ene"  # with Cyrillic letters
    marks = explain_text(loaded().texts, text, "spam")
    assert [text[start:end] for start, end, weight in marks if weight > 0] == ["fr\u0435\u0435 iph\u043ene"]


def test_marks_add_up_to_what_the_words_add_to_the_margin() -> None:
    text = "free iphone"
    [(_, _, weight)] = explain_text(loaded().texts, text, "spam")
    assert abs(weight - loaded().texts[0].margins([text])[0, 0]) < 1e-6


def test_nothing_is_marked_without_a_model_of_the_field_or_head() -> None:
    assert explain_text(loaded().texts, "free iphone", "hate") == []
    assert explain_text(loaded().texts, "free iphone", "spam", field="title") == []
    assert explain_text(loaded().texts, "", "spam") == []


def test_the_strongest_phrases_are_quoted_and_no_word_twice() -> None:
    lexicon = {"free iphone": 2.0, "free": 1.5, "my channel": 1.8, "click": 0.5, "now": 0.4}
    found = telling_phrases("FREE iphone on my channel, click now", lexicon)
    assert found == ["free iphone", "my channel", "click"]
    assert telling_phrases("a song", lexicon) == []


def test_marks_need_no_trees() -> None:
    """Web processes show them: XGBoost and scikit-learn would cost each of them a second and 100 MB."""
    code = """
import sys, django
django.setup()
from reviews.pages.content import telling
import numpy as np
from scoring.registry.text_weights import TextWeights
from scoring.texts.ngram_places import COLUMNS
known = TextWeights("text", ("",), np.ones((COLUMNS, 1), np.float32), np.zeros(1), {})
assert telling.explain_text([known], "free money")
print([name for name in ("xgboost", "sklearn") if name in sys.modules])
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, "[]"), run.stderr
