"""Normalization: the text as a reader takes it, whatever it was written with to escape machines.

Each step edits a `TrackedText`, so that every character still knows its place in the original. Text of other
scripts than Latin stays as it is: only what is drawn the same is written the same.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from scoring.texts.characters import is_invisible, is_styled, plain_character
from scoring.texts.disguises import find_hidden_dots, find_leet, find_lookalikes, find_spaced_words
from scoring.texts.surveys.properties import INVISIBLE, LONGER, STYLED
from scoring.texts.surveys.survey import MAX_KEPT, plain_text, survey
from scoring.texts.tracked import Edit, TrackedText

MAX_LETTERS, MAX_SYMBOLS = 2, 3  # equal ones in a row that are kept
_OVERRIDE = re.compile("\u202e([^\u202c\u202e\n\u2029]*)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
_LETTER_RUN = re.compile(r"([^\W\d_])\1{2,}")
_SYMBOL_RUN = re.compile(r"([^\w\s])\1{3,}|(_)\2{3,}")
_BLANKS = re.compile(r"\s+")
_UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+")
_MARKS = re.compile("[\u0300-\u036f\u20d0-\u20f0]{2,}|[\u0334-\u0338]")  # stacked, or across the letter


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """A text as a reader takes it, in small letters, with the place of each character in the original.

    `disguises`: how many words were written to be read by people and not by machines; `disguised_share`: the
    share of the original's characters in them that are not what they seem.
    """

    text: str
    disguises: int
    disguised_share: float
    tracked: TrackedText

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that a part of the text stands for."""
        return self.tracked.span(start, end)


@lru_cache(maxsize=MAX_KEPT)
def normalize_text(text: str) -> NormalizedText:
    """The text as a reader takes it.

    >>> normalize_text("FR\\u0415\\u0415   m0ney, c-l-i-c-k!!!!!!").text
    'free money, click!!!'
    >>> normalize_text("\\u042d\\u0442\\u043e \\u0447\\u0435\\u0441\\u0442\\u043d\\u043e").text
    'это честно'
    """
    tracked = TrackedText.of(text)
    _show_as_drawn(tracked)
    _make_plain(tracked)
    tracked.edit(find_lookalikes(tracked.text), disguise=True)
    tracked.text = tracked.text.lower()
    tracked.edit(find_hidden_dots(tracked.text), disguise=True)
    tracked.edit(find_spaced_words(tracked.text), disguise=True)
    tracked.edit(find_leet(tracked.text), disguise=True)
    if survey(tracked.text).longest_run > MAX_LETTERS:
        tracked.edit(_shortened(_LETTER_RUN, MAX_LETTERS, tracked.text))
        tracked.edit(_shortened(_SYMBOL_RUN, MAX_SYMBOLS, tracked.text))
    tracked.edit(_single_blanks(tracked.text))
    places = _disguised_places(tracked)
    return NormalizedText(
        text=tracked.text,
        disguises=len(places),
        disguised_share=sum(end - start for start, end in places) / len(text) if text else 0.0,
        tracked=tracked,
    )


@lru_cache(maxsize=MAX_KEPT)
def readable_text(text: str) -> str:
    """The text without style and without what is not seen, but with its case, accents and spelling.

    >>> readable_text("\uff26r\u200bee B\u00fccher")
    'Free Bücher'
    """
    if "&" in text:
        text = html.unescape(text)
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFKC", text)
    if not survey(composed).has(INVISIBLE):
        return composed
    unseen = {each for each in set(composed) if is_invisible(each)}
    return composed.translate(dict.fromkeys(map(ord, unseen)))


def _show_as_drawn(tracked: TrackedText) -> None:
    """Undo right-to-left overrides, which are drawn backwards, and HTML's ways to write a character."""
    if "&" in tracked.text:
        tracked.edit(
            (match.start(), match.end(), html.unescape(match[0])) for match in _ENTITY.finditer(tracked.text)
        )
    if overrides := list(_OVERRIDE.finditer(tracked.text)):
        tracked.disguised += [tracked.span(*match.span()) for match in overrides]
        tracked.reverse([match.span(1) for match in overrides])


def _make_plain(tracked: TrackedText) -> None:
    """Every character in plain form. Two passes: what changes the length, then what does not."""
    if tracked.text.isascii() and tracked.text.isprintable():
        return
    found = survey(tracked.text)
    if found.has(STYLED | INVISIBLE):
        tracked.disguised += [tracked.span(start, end) for start, end in _find_unseen(tracked.text)]
    if found.has(LONGER):
        longer = {each for each in set(tracked.text) if len(plain_character(each)) != 1}
        tracked.edit(
            (match.start(), match.end(), _each_plain(match[0]))
            for match in _any_of(longer).finditer(tracked.text)
        )
    tracked.text = plain_text(tracked.text)


def _find_unseen(text: str) -> Iterator[tuple[int, int]]:
    """Where letters are styled, have marks that no language stacks, or are divided by what is not seen."""
    if styled := {each for each in set(text) if is_styled(each)}:
        yield from (match.span() for match in _any_of(styled).finditer(text))
    yield from (match.span() for match in _MARKS.finditer(text))
    for match in _UNSEEN.finditer(text):
        around = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
        if len(around) == 2 and around.isascii() and around.isalpha():
            yield match.span()


def _each_plain(characters: str) -> str:
    return "".join(map(plain_character, characters))


def _any_of(characters: set[str]) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(''.join(sorted(characters)))}]+")


def _shortened(pattern: re.Pattern[str], size: int, text: str) -> Iterator[Edit]:
    """Runs of one character, cut to a size: the cut ones are gone, the others keep their places."""
    return ((match.start() + size, match.end(), "") for match in pattern.finditer(text))


def _single_blanks(text: str) -> Iterator[Edit]:
    if not survey(text).has_uneven_space:
        return
    for match in _BLANKS.finditer(text):
        is_edge = match.start() == 0 or match.end() == len(text)
        if is_edge or match[0] != " ":
            yield match.start(), match.end(), "" if is_edge else " "


def _disguised_places(tracked: TrackedText) -> list[tuple[int, int]]:
    """The disguised parts of the original; those within one word are one."""
    places: list[tuple[int, int]] = []
    for start, end in sorted(tracked.disguised):
        if places and not any(map(str.isspace, tracked.original[places[-1][1] : start])):
            places[-1] = (places[-1][0], max(places[-1][1], end))
        else:
            places.append((start, end))
    return places
