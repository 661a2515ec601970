"""One pass over a text finds what slower ways find, and no step is skipped that would have an effect."""

import doctest
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.texts import contacts, disguises, fingerprints, normalization
from scoring.texts.characters import plain_character
from scoring.texts.contacts import find_contacts
from scoring.texts.fingerprints import MAX_BANDS, ROWS, SHINGLE, condensed_text, text_band
from scoring.texts.normalization import normalize_text, readable_text
from scoring.texts.surveys import properties
from scoring.texts.surveys import survey as surveys
from scoring.texts.surveys.survey import Survey, plain_text, survey
from scoring.texts.words import repeated_share

WRITTEN = (
    *("f r e e", "c-l-i-c-k", "v1agra", "fr33", "$ubscribe", "goooood!!!!!", "\u0440\u0430\u0443 us"),
    *("I'm on K\u0130K: hello_you", "weChat = abcd123", "telegram @ name_1", "wa.me/12345"),
    *("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkf", "+43 660 123-45-67"),
    *("a . b", "  ", "\n", "\t", "\u00a0", "\ufb01", "\u200b", "\u0301\u0302", "\U0001d41f", "\uff26"),
    *("\u202eeerf\u202c", "&#102;", "\u0660\u0661", "Fr\u00e9\u00e9 \u0142and", "\u2764\ufe0f", "__init__"),
    *("это честный отзыв", "这首歌真好听", "यह गाना"),
)
TEXTS = st.lists(st.one_of(st.sampled_from(WRITTEN), st.text(max_size=8)), max_size=12).map(
    " ".join
) | st.text(max_size=60)


@given(TEXTS)
def test_it_counts_what_unicodedata_says(text: str) -> None:
    found = survey(text)
    assert found.categories == Counter(map(unicodedata.category, text))
    assert found.words == len(text.split())
    assert found.longest_run == max((len(list(run)) for _, run in groupby(text)), default=0)
    marks = [len(list(run)) for is_mark, run in groupby(text, key=unicodedata.combining) if is_mark]
    assert (found.most_marks > 0) == bool(marks)


@given(TEXTS)
def test_it_finds_what_regular_expressions_find(text: str) -> None:
    found = survey(text)
    sizes = list(map(len, text.split()))
    separator = f"[{re.escape(''.join(properties.SEPARATORS))}]"
    runs = re.findall("[0-9a-zA-Z]+", text)
    assert found.longest_ascii_word == max(map(len, runs), default=0)
    assert found.has_uneven_space == (text != " ".join(text.split()))
    assert found.has_singles == any(
        a == b == c == 1 for a, b, c in zip(sizes, sizes[1:], sizes[2:], strict=False)
    )
    assert found.has_marked_singles == bool(re.search(rf"{separator} ?[^\W_] ?{separator}", text))
    assert found.may_have_leet == bool(re.search(r"[a-z][013457@$!|][a-z013457@$!|]", text))


@given(TEXTS)
def test_plain_form_is_that_of_each_character(text: str) -> None:
    plain = [(plain_character(each), each) for each in text]
    assert plain_text(text) == "".join(to if len(to) == 1 else each for to, each in plain)


@given(TEXTS)
def test_condensed_texts_and_repetition_are_those_of_regular_expressions(text: str) -> None:
    normalized = normalize_text(text).text
    condensed = re.sub(r"([^\W\d_])\1+", r"\1", re.sub(r"[\W_]+", "", normalized))
    words = re.findall(r"\w+", normalized)
    assert condensed_text(text) == condensed
    assert repeated_share(text) == (1 - len(set(words)) / len(words) if words else None)


@given(TEXTS.filter(lambda text: len(condensed_text(text)) >= fingerprints.MIN_CHARACTERS))
def test_bands_are_min_hashes_of_shingles(text: str) -> None:
    condensed = condensed_text(text)
    shingles = [
        chained([ord(each) for each in condensed[at : at + SHINGLE]])
        for at in range(len(condensed) - SHINGLE + 1)
    ]
    minima = [min(mixed(each ^ seed) for each in shingles) for seed in range(MAX_BANDS * ROWS)]
    for band in range(MAX_BANDS):
        hashed = chained(minima[band * ROWS : (band + 1) * ROWS], start=mixed(band))
        assert text_band(text, number=band + 1) == f"{hashed:016x}"


def chained(values: list[int], start: int = 0) -> int:
    for value in values:
        start = mixed(start ^ value)
    return start


def mixed(value: int) -> int:
    """splitmix64 (Steele, Lea and Flood 2014)."""
    mask = 2**64 - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


@given(TEXTS)
def test_steps_that_are_skipped_would_have_changed_nothing(text: str) -> None:
    assert read_of(text) == read_with_every_step(text)


def read_with_every_step(text: str) -> Any:
    with every_step():
        return read_of(text)


@contextmanager
def every_step() -> Iterator[None]:
    """No step is skipped because of what a survey finds."""

    def everything(text: str) -> Survey:
        return replace(
            survey(text),
            categories={"Nd": 99},
            present=survey(text).present | ~properties.LONGER,
            longest_run=99,
            longest_ascii_word=99,
            has_uneven_space=True,
            has_singles=True,
            has_marked_singles=True,
            may_have_leet=True,
        )

    modules = (normalization, disguises, contacts)
    patches = [mock.patch.object(module, "survey", everything) for module in modules]
    patches.append(mock.patch.object(contacts, "_may_name_service", return_value=True))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def read_of(text: str) -> Any:
    """What is read of a text, computed anew."""
    normalized = normalize_text.__wrapped__(text)
    readable_text.cache_clear()
    found = find_contacts.__wrapped__(text)
    return (
        normalized.text,
        normalized.disguises,
        normalized.disguised_share,
        [normalized.span(at, at + 1) for at in range(len(normalized.text))],
        readable_text.__wrapped__(text),
        found,
    )


def test_a_character_is_known_after_its_first_text() -> None:
    """Threads share the tables: properties must not be there before the plain form is."""
    code = ord("\ua728")
    properties.PROPERTIES[code] = properties.PLAIN_CODES[code] = 0
    survey.cache_clear()
    assert survey("\ua728").categories == {"Lu": 1}
    assert properties.PROPERTIES[code] & properties.KNOWN
    assert properties.PLAIN_CODES[code] == ord(plain_character("\ua728")[:1] or "\ua728")


@pytest.mark.parametrize("text", ["", "\ud800", "\U0010ffff", "a\0b"])
def test_any_code_point_is_taken(text: str) -> None:
    assert sum(survey(text).categories.values()) == len(text)
    assert surveys.text_of(surveys.codes_of(text)) == text


def test_the_examples_hold() -> None:
    assert doctest.testmod(surveys).failed == 0
