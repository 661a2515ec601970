"""Unicode properties of a text's characters: what `unicodedata` and `scoring.texts.characters` say of them.

They are kept in tables with a place for each code point, which are filled in when a character first appears.
Compiled loops look them up.
"""

import unicodedata

import numpy as np
import numpy.typing as npt

from scoring.texts.characters import is_invisible, is_styled, lookalikes, plain_character

CODE_POINTS = 0x110000
_CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn"
CATEGORIES = tuple(_CATEGORIES.split())

# A character's properties: its place in CATEGORIES, and flags
CATEGORY = 0b11111
KNOWN, ALNUM, DECIMAL, SPACE, COMBINING, INVISIBLE, STYLED, LOOKALIKE = (1 << bit for bit in range(5, 13))
LATIN, SMALL_LATIN, LEET_SIGN, SEPARATOR = (1 << bit for bit in range(13, 17))  # LATIN: letters of ASCII
CHANGED, LONGER = 1 << 17, 1 << 18  # the plain form is another character; it is none, or several
LEET_SIGNS, SEPARATORS = frozenset("013457@$!|"), frozenset(".-_*\u00b7\u2022|/~+=,")

# Places in what a survey finds, behind the number of characters of each category
PRESENT, UNKNOWN, WORDS, LONGEST_RUN, LONGEST_ASCII_WORD, MOST_MARKS = range(32, 38)
UNEVEN_SPACE, SINGLES, MARKED_SINGLES, LEET, FACTS = range(38, 43)
MIN_SINGLES = 3  # words of one character in a row

Codes = npt.NDArray[np.uint32]

# Pages of these tables that hold no character that has appeared take no memory.
PROPERTIES = np.zeros(CODE_POINTS, np.uint32)
PLAIN_CODES = np.zeros(CODE_POINTS, np.uint32)


def learn(codes: Codes) -> None:
    """Fill in the tables for code points; the properties last, since they say that a character is known."""
    characters = [chr(code) for code in codes.tolist()]
    plain = [plain_character(each) for each in characters]
    PLAIN_CODES[codes] = [
        ord(to if len(to) == 1 else each) for each, to in zip(characters, plain, strict=True)
    ]
    PROPERTIES[codes] = [properties_of(each, to) for each, to in zip(characters, plain, strict=True)]


def properties_of(character: str, plain: str) -> int:
    """The properties of a character whose plain form is `plain`."""
    is_latin = character.isascii() and character.isalpha()
    flags = (
        (ALNUM, character.isalnum()),
        (DECIMAL, character.isdecimal()),
        (SPACE, character.isspace()),
        (COMBINING, unicodedata.combining(character) != 0),
        (INVISIBLE, is_invisible(character)),
        (STYLED, is_styled(character)),
        (LOOKALIKE, not character.isascii() and character in lookalikes()),
        (LATIN, is_latin),
        (SMALL_LATIN, is_latin and character.islower()),
        (LEET_SIGN, character in LEET_SIGNS),
        (SEPARATOR, character in SEPARATORS),
        (CHANGED, len(plain) == 1 and plain != character),
        (LONGER, len(plain) != 1),
    )
    category = CATEGORIES.index(unicodedata.category(character))
    return KNOWN | category | sum(flag for flag, has_it in flags if has_it)
