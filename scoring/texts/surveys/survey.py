"""One pass over a text, which tells what it consists of and which steps could change it at all."""

from dataclasses import dataclass
from functools import cache, lru_cache
from types import ModuleType

import numpy as np

from scoring.texts.surveys.properties import (
    CATEGORIES,
    CHANGED,
    LEET,
    LONGEST_ASCII_WORD,
    LONGEST_RUN,
    MARKED_SINGLES,
    MOST_MARKS,
    PLAIN_CODES,
    PRESENT,
    PROPERTIES,
    SINGLES,
    UNEVEN_SPACE,
    UNKNOWN,
    WORDS,
    Codes,
    learn,
)

MAX_KEPT = 16  # texts of which a process keeps what was read of them


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a text finds.

    `present`: the flags that any character has. `words`: between white space. In a row: `longest_run` equal
    characters, `longest_ascii_word` letters and digits of ASCII, `most_marks` combining marks.
    `has_uneven_space`: white space is other than single blanks between words. `has_singles`: three words of
    one character follow each other; `has_marked_singles`: a character stands between separators.
    `may_have_leet`: a digit or symbol stands behind a small letter and before another one or its like.
    """

    codes: Codes
    categories: dict[str, int]
    present: int
    words: int
    longest_run: int
    longest_ascii_word: int
    most_marks: int
    has_uneven_space: bool
    has_singles: bool
    has_marked_singles: bool
    may_have_leet: bool

    def has(self, flags: int) -> bool:
        """Whether some character has one of these properties."""
        return bool(self.present & flags)

    def count(self, group: str) -> int:
        """The number of characters in a group of Unicode categories: "L" for letters, "Nd" for digits."""
        return sum(count for category, count in self.categories.items() if category.startswith(group))


@cache
def compiled() -> ModuleType:
    """The compiled loops; numba takes a second and 30 MB, which processes that read no texts do without."""
    from scoring.texts.surveys import kernel  # noqa: PLC0415

    return kernel


@lru_cache(maxsize=MAX_KEPT)
def survey(text: str) -> Survey:
    """What one pass over a text finds.

    >>> found = survey("Aaaa 1")
    >>> found.longest_run, found.count("L"), found.count("Lu"), found.count("Nd")
    (3, 4, 1, 1)
    """
    codes = codes_of(text)
    facts = compiled().survey(codes, PROPERTIES)
    if facts[UNKNOWN]:
        learn(np.unique(codes[PROPERTIES[codes] == 0]))
        facts = compiled().survey(codes, PROPERTIES)
    numbers = facts.tolist()
    return Survey(
        codes,
        {category: count for category, count in zip(CATEGORIES, numbers, strict=False) if count},
        numbers[PRESENT],
        numbers[WORDS],
        numbers[LONGEST_RUN],
        numbers[LONGEST_ASCII_WORD],
        numbers[MOST_MARKS],
        bool(numbers[UNEVEN_SPACE]),
        bool(numbers[SINGLES]),
        bool(numbers[MARKED_SINGLES]),
        bool(numbers[LEET]),
    )


def plain_text(text: str) -> str:
    """The text with each character in plain form; those whose plain form is not one character stay.

    >>> plain_text("\\uff21\\u00e9\\ufb01")
    'Aeﬁ'
    """
    found = survey(text)
    return text_of(PLAIN_CODES[found.codes]) if found.has(CHANGED) else text


def codes_of(text: str) -> Codes:
    """The code points of a text, surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def text_of(codes: Codes) -> str:
    """The text of these code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")
