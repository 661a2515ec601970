"""The language of a text, detected without a network and always the same."""

import doctest

import pytest

from scoring.texts import languages
from scoring.texts.languages import detect_language, plain_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I will come home later this evening", "en"),
        ("Ich komme heute Abend später nach Hause", "de"),
        ("Je rentrerai plus tard ce soir", "fr"),
        ("Esta noche llegaré más tarde a casa", "es"),
        ("Сегодня вечером я приду домой поздно", "ru"),
        ("سأعود إلى المنزل في وقت متأخر هذا المساء", "ar"),
        ("मैं आज शाम को देर से घर आऊंगा", "hi"),
        ("我今天晚上会晚一点回家", "zh"),
        ("今晩は遅く家に帰ります", "ja"),
        ("오늘 저녁에 집에 늦게 갈 거예요", "ko"),
        ("Bu akşam eve geç geleceğim", "tr"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "ok", "1234 5678", "https://example.com/watch", "😀😀😀", "me@example.com"]
)
def test_where_nothing_can_be_told_nothing_is_said(text: str) -> None:
    assert detect_language(text) == ""


@pytest.mark.parametrize(
    ("given", "plain"), [("en", "en"), ("EN-us", "en"), ("zh_Hant_TW", "zh"), ("iw", "he"), ("nn", "no")]
)
def test_codes_lose_their_region_and_get_their_usual_name(given: str, plain: str) -> None:
    assert plain_language(given) == plain


def test_the_examples_hold() -> None:
    assert doctest.testmod(languages).failed == 0
