"""What is counted of a text, to the character."""

import doctest

import pytest

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Text
from scoring.catalog.signals import texts as module
from scoring.catalog.signals.texts import text_signals
from scoring.declare import TEXT_SIGNALS

FAMILY = "\U0001f468\u200d\U0001f469"  # two emoji, joined by a character that is not seen
COUNTED = [
    # signal, text, value; None: left out
    ("length", "", 0),
    ("length", "a b\n", 4),
    ("length", "naïve", 5),
    ("length", FAMILY, 3),
    ("words", "", 0),
    ("words", "  one,two\tthree \u00a0 four\n", 3),
    ("links", "no link: a.example, mail@www, http:// and ftp://a.example", 0),
    ("links", "http://a.example https://b.example/?u=x HTTPS://C.EXAMPLE", 3),
    ("links", "https://www.a.example and www.b.example", 2),
    ("links", "(http://a.example),http://b.example", 2),
    ("links", "http://пример.example", 1),
    ("links", "awww.nice", 0),
    ("capitals", "", None),
    ("capitals", "12 :-)", None),
    ("capitals", "Buy NOW", 4 / 6),
    ("capitals", "ÄÖü", 2 / 3),
    ("capitals", "中文A", 1 / 3),
    ("capitals", "ǅ", 1.0),
    ("digits", "", None),
    ("digits", "call 0660", 4 / 9),
    ("digits", "٣ ½²", 1 / 4),
    ("symbols", "", None),
    ("symbols", "a_b €!", 3 / 6),
    ("symbols", "no, no\n", 1 / 7),
    ("symbols", FAMILY, 2 / 3),
    ("longest_run", "", 0),
    ("longest_run", "abc", 1),
    ("longest_run", "sooo good!!!!", 4),
    ("longest_run", "aAa", 1),
    ("hidden_links", "a.example.com and http://b.example.com", 0),
    ("hidden_links", "a[.]example.com or c dot com", 2),
    ("contacts", "ann@example.com, +43 660 1234567", 2),
    ("contacts", "no contact in 2013", 0),
    ("mentions", "@ann, @bob and me@example.com", 2),
    ("hashtags", "#one #2", 1),
    ("emoji", FAMILY + " ❤️", 2),
    ("disguises", "fr33 m0ney now", 2),
    ("disguised", "", None),
    ("disguised", "m0ney now", 1 / 9),
    ("repetition", "", None),
    ("repetition", "buy BUY b u y now", 1 / 2),
]  # fmt: skip


@pytest.mark.parametrize(("signal", "text", "value"), COUNTED)
def test_a_signal_is_counted_to_the_character(signal: str, text: str, value: float | None) -> None:
    assert text_signals(text).get(signal) == value


def test_every_declarable_signal_is_measured() -> None:
    assert set(text_signals("a")) == set(TEXT_SIGNALS) == {signal for signal, _, _ in COUNTED}


def test_the_examples_of_spelling_hold() -> None:
    assert doctest.testmod(module).failed == 0


def test_only_present_texts_have_signals() -> None:
    class Review(EventType):
        name, lane = "review_of_goods", "goods"
        author = Entity()
        title, body = Text(), Text(optional=True)

    signals = Review.signals_of({"author": "ann", "title": "Good!"}).values
    assert signals == {f"title.{signal}": value for signal, value in text_signals("Good!").items()}
    assert Review.signals_of({"author": "ann"}).values == {}
    assert signals.keys() < set(Review.signals)
