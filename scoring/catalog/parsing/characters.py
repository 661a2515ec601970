"""Allowed characters in names and texts, and their normalization.

Everything here is linear in the length of the text. Unicode's canonical ordering is not: it takes quadratic
time on a run of combining marks, which a sender controls. So names that are far too long are refused before
normalization, and long runs are broken up as in Unicode's Stream-Safe Text Process (UAX #15, section 13).
"""

import re
import unicodedata
from collections.abc import Iterable

from scoring.catalog.errors import FieldError
from scoring.texts.surveys.survey import survey

MAX_EXPANSION = 4  # a composed character decomposes to no more code points than this
MAX_MARKS = 30  # combining marks in a row, by the Stream-Safe Text Format
GRAPHEME_JOINER = "\u034f"
ALLOWED_IN_NAMES = "text without control characters, line breaks or bidirectional overrides"
ALLOWED_IN_TEXTS = "Unicode text without NUL or surrogates"

# Zero width non-joiner and joiner: part of how Persian words and families of emoji are written.
_JOINERS = "\u200c\u200d"
_BLANKS = f"{_JOINERS} "
_SPACES = [code for code in range(0x3001) if unicodedata.category(chr(code)) == "Zs"]
# Invisible and meaningless in names: soft hyphen, zero width space, direction marks, byte order mark, tags
# and the like.
_DROPPED = [
    *(0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *(*range(0x2060, 0x2065), *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFC)),
    *(*range(0x1D173, 0x1D17B), *range(0xE0001, 0xE0080)),
]
# Controls, line and paragraph separators, bidirectional embeddings, overrides and isolates, surrogates.
_REFUSED = [
    *(*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029),
    *(*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)),
]
_MARKS = [code for code in range(0x20000) if unicodedata.combining(chr(code))]


def _one_of(codes: Iterable[int]) -> str:
    """A regular expression for one of these characters."""
    return "[" + "".join(rf"\U{code:08x}" for code in codes) + "]"


_REPLACEMENTS = {**dict.fromkeys(_SPACES, " "), **dict.fromkeys(_DROPPED)}
_REPLACED = re.compile(_one_of(code for code in _REPLACEMENTS if code != ord(" ")))
_NOT_IN_NAMES = re.compile(_one_of(_REFUSED))
_NOT_IN_TEXTS = re.compile("[\x00\ud800-\udfff]")
_LONG_RUN = re.compile(f"{_one_of(_MARKS)}{{{MAX_MARKS}}}(?={_one_of(_MARKS)})")
# The same rule as a JSON Schema pattern: at least one visible character, and none that is refused.
_REFUSED_IN_JSON = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
NAME_PATTERN = rf"^[^{_REFUSED_IN_JSON}]*[^\s{_REFUSED_IN_JSON}][^{_REFUSED_IN_JSON}]*$"


def normalize(text: str) -> str:
    """The text in Unicode's normalization form C, in linear time."""
    if text.isascii():
        return text
    if len(text) > MAX_MARKS:
        text = _LONG_RUN.sub(rf"\g<0>{GRAPHEME_JOINER}", text)
    return unicodedata.normalize("NFC", text)


def clean_name(text: str, max_length: int) -> str:
    """A name in stored form: trimmed, with plain spaces, without invisible characters, in NFC.

    Zero width joiners inside a name stay. Raises FieldError for a name that is empty, too long, or has a
    character that names may not have.
    """
    text = text.strip()
    if not text.isprintable():  # characters that are replaced or refused are not printable
        text = _without_invisible(text)
    if not text:
        raise FieldError("must not be empty", f"1 to {max_length} characters")
    if len(text) <= max_length * MAX_EXPANSION:
        text = normalize(text)
    if len(text) > max_length:
        raise FieldError(f"is longer than {max_length} characters", f"1 to {max_length} characters")
    return text


def clean_text(text: str) -> str:
    """Free text in stored form: NFC, otherwise as sent. Raises FieldError for NUL and surrogates."""
    found = survey(text)
    if ("\0" in text or found.count("Cs")) and (wrong := _NOT_IN_TEXTS.search(text)):
        raise FieldError(f"has the character {describe(wrong[0])}", ALLOWED_IN_TEXTS)
    return normalize(text) if found.most_marks > MAX_MARKS else unicodedata.normalize("NFC", text)


def describe(character: str) -> str:
    """A character's code point, with its name if it has one.

    >>> describe(chr(0x202E)), describe(chr(0))
    ('U+202E (RIGHT-TO-LEFT OVERRIDE)', 'U+0000')
    """
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")


def _without_invisible(text: str) -> str:
    if wrong := _NOT_IN_NAMES.search(text):
        raise FieldError(f"has the character {describe(wrong[0])}", ALLOWED_IN_NAMES)
    if _REPLACED.search(text):
        text = text.translate(_REPLACEMENTS)
    return text.strip(_BLANKS)
