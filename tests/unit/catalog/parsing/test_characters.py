"""Ordinary names are accepted; characters that could deceive or break a page are refused by code point."""

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing import characters
from scoring.catalog.parsing.characters import clean_name, clean_text, normalize


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(characters).failed == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("セブン\u3000イレブン", "セブン イレブン"),
        ("Café\u00a0Paris", "Café Paris"),
        ("thin\u2009space\u202fhere", "thin space here"),
        ("\u0645\u06cc\u200c\u0634\u0648\u062f", "\u0645\u06cc\u200c\u0634\u0648\u062f"),  # Persian
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth", "zerowidth"),
        ("\ufeffmarked", "marked"),
        ("عربي\u200f", "عربي"),
        ("\u200d ends \u200c", "ends"),
        ("Cafe\u0301", "Café"),
        ("\u0600\u0661", "\u0600\u0661"),  # an Arabic number sign is a format character that can be seen
        ("\U000f0000", "\U000f0000"),  # private use
    ],
)
def test_a_name_is_stored_without_invisible_differences(sent: str, kept: str) -> None:
    assert clean_name(sent, 64) == kept
    assert clean_name(kept, 64) == kept


@pytest.mark.parametrize(
    ("character", "named"),
    [
        ("\x00", "U+0000"),
        ("\t", "U+0009"),
        ("\n", "U+000A"),
        ("\x85", "U+0085"),
        ("\u2028", "U+2028 (LINE SEPARATOR)"),
        ("\u202e", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("\u2066", "U+2066 (LEFT-TO-RIGHT ISOLATE)"),
        ("\ud800", "U+D800"),
    ],
)
def test_a_character_that_names_may_not_have_is_named(character: str, named: str) -> None:
    with pytest.raises(FieldError) as refused:
        clean_name(f"a{character}b", 64)
    assert refused.value.problem == f"has the character {named}"


@pytest.mark.parametrize("sent", ["", "  ", "\u3000", "\u200b", "\u200d\u00a0"])
def test_a_name_without_visible_characters_is_empty(sent: str) -> None:
    with pytest.raises(FieldError, match="must not be empty"):
        clean_name(sent, 64)


def test_a_composed_name_may_be_sent_decomposed() -> None:
    assert clean_name(unicodedata.normalize("NFD", "ǘ" * 64), 64) == "ǘ" * 64


@pytest.mark.parametrize("length", [65, 100_000])
def test_a_name_that_is_too_long_is_refused(length: int) -> None:
    with pytest.raises(FieldError, match="is longer than 64 characters"):
        clean_name("a" + "\u0323\u0301" * length, 64)


@given(st.text())
def test_a_cleaned_name_is_accepted_unchanged(text: str) -> None:
    try:
        kept = clean_name(text, 64)
    except FieldError:
        return
    assert clean_name(kept, 64) == kept
    assert not {unicodedata.category(character) for character in kept} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(codec="utf-8")))
def test_usual_texts_are_normalized_as_unicode_says(text: str) -> None:
    assert normalize(text) == unicodedata.normalize("NFC", text)


def test_a_long_run_of_marks_is_broken_up_so_that_ordering_stays_cheap() -> None:
    run = "\u0301" * 40 + "\u0323" * 40
    kept = normalize(f"a{run}")
    assert kept.count(characters.GRAPHEME_JOINER) == 2
    assert kept.replace(characters.GRAPHEME_JOINER, "") != unicodedata.normalize("NFC", f"a{run}")
    assert normalize(kept) == kept


def test_free_text_keeps_every_character_but_nul_and_surrogates() -> None:
    assert clean_text("two\nlines\u202e\u200b") == "two\nlines\u202e\u200b"
    with pytest.raises(FieldError, match=r"has the character U\+0000"):
        clean_text("a\x00")
    with pytest.raises(FieldError, match=r"has the character U\+DFFF"):
        clean_text("a\udfff")
