"""What a single character stands for: its plain form, and the Latin letter that it looks like.

Both are derived from data that others keep: Unicode's names and compatibility forms, which come with Python,
and Unicode's table of confusable characters, which comes with `confusable_homoglyphs`.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from confusable_homoglyphs.confusables import confusables_data

# Combining marks of all scripts. The marks of one script, such as the vowels of Hindi, are letters to it.
_SHARED_MARKS = ((0x300, 0x370), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0xFE00, 0xFE10))
_MORE_SHARED_MARKS = ((0xFE20, 0xFE30), (0xE0100, 0xE01F0))
_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by category, but drawn as nothing
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_EMPTY_BRAILLE = "\u2800"
# Letters drawn in another style: "LATIN LETTER SMALL CAPITAL R", "NEGATIVE SQUARED LATIN CAPITAL LETTER A",
# "LATIN SMALL LETTER L WITH STROKE". Only a single letter counts: not AE, not SHARP S.
_LATIN_NAME = re.compile(
    r"(?:LATIN (?:SMALL|CAPITAL) LETTER|LATIN LETTER SMALL CAPITAL"
    r"|(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN CAPITAL LETTER|LATIN SMALL LETTER SCRIPT) ([A-Z])(?: WITH .+)?"
)
_STYLES = ("<font>", "<circle>", "<square>", "<wide>")
_STYLED_NAME = re.compile(r"(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN|LATIN LETTER SMALL CAPITAL")


@lru_cache(maxsize=8_192)
def plain_character(character: str) -> str:
    """The character without style, accents and marks; a blank for white space, "" for what is invisible.

    Case stays, and letters of other scripts than Latin keep what belongs to them.

    >>> [plain_character(each) for each in "\\u200bÉﬁ\\uff21\\U0001d5ee\\u0142йश"]
    ['', 'E', 'fi', 'A', 'a', 'l', 'й', 'श']
    """
    if is_invisible(character):
        return ""
    if character.isspace() or character == _EMPTY_BRAILLE:
        return " "
    plain = "".join(map(_without_accent, unicodedata.normalize("NFKC", character)))
    if unicodedata.combining(plain[:1]):  # a mark of its own script stays as it is
        return character
    return plain


@lru_cache(maxsize=8_192)
def is_invisible(character: str) -> bool:
    """Whether nothing is drawn, or only a mark on the character before that any script may have."""
    code, category = ord(character), unicodedata.category(character)
    if category in ("Cf", "Cc"):
        return not character.isspace()
    is_mark = category in ("Mn", "Me") and any(
        first <= code < end for first, end in _SHARED_MARKS + _MORE_SHARED_MARKS
    )
    return is_mark or character in _FILLERS or code in _SKIN_TONES


@lru_cache(maxsize=8_192)
def is_styled(character: str) -> bool:
    """Whether it is a Latin letter in disguise: bold, circled, squared, full width or a small capital."""
    if not (plain := plain_character(character)).isascii() or not plain.isalpha() or character.isascii():
        return False
    is_form = unicodedata.decomposition(character).startswith(_STYLES)
    return is_form or _STYLED_NAME.match(unicodedata.name(character, "")) is not None


@cache
def lookalikes() -> dict[str, str]:
    """The ASCII letters that a letter of another script looks like, by Unicode's confusables.

    Some look like a Latin small capital, which a reader takes for the letter; of some only the capital looks
    like one.

    >>> lookalikes()["\u0430"], lookalikes()["\u043a"], "\u0436" in lookalikes()
    ('a', 'k', False)
    """
    exact = exact_lookalikes()
    capitals = {capital.lower(): letters.lower() for capital, letters in exact.items() if capital.isupper()}
    small_capitals = {
        character: letters
        for character, others in _confusable_letters()
        if (letters := _first(plain_character(other) for other in others if len(other) == 1))
    }
    return capitals | small_capitals | exact


@cache
def exact_lookalikes() -> dict[str, str]:
    """Those that look exactly like an ASCII letter."""
    return {
        character: letters
        for character, others in _confusable_letters()
        if (letters := _first(each for each in others if each.isascii()))
    }


def _confusable_letters() -> Iterator[tuple[str, list[str]]]:
    """Letters that are not Latin, with what they look like."""
    for character, others in confusables_data.items():
        if len(character) == 1 and character.isalpha() and not _is_latin(character):
            yield character, [other["c"] for other in others]


def _first(candidates: Iterator[str]) -> str:
    return next((each for each in candidates if each.isascii() and each.isalpha()), "")


def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN") or character.isascii()


def _without_accent(character: str) -> str:
    if character.isascii():
        return character
    base = unicodedata.normalize("NFD", character)[0]
    if base.isascii():
        return base
    named = _LATIN_NAME.fullmatch(unicodedata.name(character, ""))
    if not named:
        return character
    return named[1] if character.isupper() else named[1].lower()
