"""Words in disguise: letters of other scripts, digits and symbols for letters, letters spaced out.

Each function finds what is to be replaced, as edits from left to right. What could be honest stays: words of
another script, numbers, model names, addresses.
"""

import re
from collections.abc import Iterator

from scoring.texts.characters import exact_lookalikes, lookalikes
from scoring.texts.surveys.properties import LATIN, LOOKALIKE, MIN_SINGLES, SEPARATORS
from scoring.texts.surveys.survey import survey
from scoring.texts.tracked import Edit

_WORD = re.compile(r"[^\W_]+")
_ASCII_LETTER = re.compile(r"[a-zA-Z]")
MIN_LATIN_SHARE = 2 / 3  # of a text's letters, for words made of look-alikes alone to be taken for Latin
MIN_WHOLE_WORD = 3

LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "|": "i"}
_LEET_CHARACTER = re.compile(r"[013457@$!|]")
_ADDRESS = re.compile(r"https?://|www\.|@\S+\.\w|[a-z0-9]\.[a-z]{2}")
# Digits and symbols between letters, at most two in a row, and a dollar sign before a word
_LEET = re.compile(r"(?<=[a-z])(?:[013457@|]{1,2}|\$|!)(?=[a-z])|(?<![\w$@])\$(?=[a-z]{2})")
_LEET_END = re.compile(r"(?<=[a-z])(?:33|00)(?![a-z0-9])")
MAX_WORD = 100  # longer ones are no words, and would take time that grows with their square
_LETTER = re.compile(r"[a-z]")
_VOWEL = re.compile(r"[aeiouy]")

_HIDDEN_DOT = re.compile(r"(?<=[^\W_]) ?[\[({] ?(?:\.|dot) ?[\])}] ?(?=[^\W_])")
_MARKS = re.escape("".join(sorted(SEPARATORS)))
_SINGLES = re.compile(
    # "f r e e": single characters with the same white space between them
    r"(?<!\S)[^\W_]( {1,3})[^\W_](?:\1[^\W_]){1,58}(?!\S)"
    # "f.r.e.e", "c - l - i - c - k": with the same mark between them, and no more to come
    rf"|(?<![\w@{_MARKS}])[^\W_]( ?[{_MARKS}]{{1,2}} ?)[^\W_](?:\2[^\W_]){{1,58}}(?!\2?[^\W_])(?![\w@])"
)
MIN_SPACED_FOREIGN = 4  # some languages have many words of one letter


def find_lookalikes(text: str) -> Iterator[Edit]:
    """Letters of other scripts that stand for Latin ones: in words that are otherwise Latin.

    Words of nothing but exact look-alikes are taken for Latin where two thirds of the letters are Latin and
    no word can only be of another script.
    """
    found = survey(text)
    if not (found.has(LOOKALIKE) and found.has(LATIN)):
        return
    foreign = {each for each in set(text) if not each.isascii() and each.isalpha()}
    whole_words = foreign <= exact_lookalikes().keys() and _is_mostly_latin(text)
    for word in _WORD.finditer(text):
        if not word[0].isascii() and _is_latin_word(word[0], whole_words=whole_words):
            yield from _letter_edits(word)


def _is_mostly_latin(text: str) -> bool:
    return len(_ASCII_LETTER.findall(text)) >= sum(map(str.isalpha, text)) * MIN_LATIN_SHARE


def _is_latin_word(word: str, *, whole_words: bool) -> bool:
    """Whether a word with letters of other scripts is to be read as a Latin one."""
    if not _ASCII_LETTER.search(word) and not (whole_words and len(word) >= MIN_WHOLE_WORD):
        return False
    return all(each.isascii() or not each.isalpha() or each in lookalikes() for each in word)


def _letter_edits(word: re.Match[str]) -> Iterator[Edit]:
    for place, character in enumerate(word[0], start=word.start()):
        if letters := lookalikes().get(character):
            yield place, place + 1, letters


def find_hidden_dots(text: str) -> Iterator[Edit]:
    """Dots of addresses that are written in brackets: "example[.]com", "example (dot) com"."""
    if any(bracket in text for bracket in "[({"):
        yield from ((match.start(), match.end(), ".") for match in _HIDDEN_DOT.finditer(text))


def find_spaced_words(text: str) -> Iterator[Edit]:
    """Words whose letters stand apart, "f r e e" and "c-l-i-c-k", of three letters or more."""
    found = survey(text)
    if not (found.has_singles or found.has_marked_singles):
        return  # as in most texts; the expression is slow
    for match in _SINGLES.finditer(text):
        letters = match[0].replace(match[1] or match[2], "")
        if _is_spaced_word(letters):
            yield match.start(), match.end(), letters


def _is_spaced_word(characters: str) -> bool:
    letters = [each for each in characters if each.isalpha()]
    enough = MIN_SINGLES if all(map(str.isascii, letters)) else MIN_SPACED_FOREIGN
    has_case = all(each.lower() != each.upper() for each in letters)  # Chinese is written in single letters
    return has_case and len(characters) >= enough and len(letters) * 2 >= len(characters)


def find_leet(text: str) -> Iterator[Edit]:
    """Digits and symbols that stand for letters, in a text of small letters.

    >>> [edit[2] for edit in find_leet("fr33 v1agra and $ubscribe, not mp3, 2nd, h2o or me@example.com")]
    ['ee', 'i', 's']
    """
    if not (survey(text).may_have_leet or "$" in text):
        return
    done = 0
    for character in _LEET_CHARACTER.finditer(text):
        if character.start() < done:
            continue
        start, done = _word_around(text, character.start())
        word = text[start:done]
        if len(word) <= MAX_WORD and _LETTER.search(word) and not _ADDRESS.search(word):
            yield from _leet_edits(word, start)


def _word_around(text: str, place: int) -> tuple[int, int]:
    """The characters around a place up to white space."""
    start = text.rfind(" ", 0, place) + 1
    end = text.find(" ", place)
    return start, len(text) if end < 0 else end


def _leet_edits(word: str, offset: int) -> Iterator[Edit]:
    found = [each for each in _LEET.finditer(word) if _stands_for_letters(word, each)]
    if not _VOWEL.search(word):
        found += _LEET_END.finditer(word)
    for each in found:
        yield offset + each.start(), offset + each.end(), "".join(LEET[character] for character in each[0])


def _stands_for_letters(word: str, place: re.Match[str]) -> bool:
    """Not in "a1b2c3", which is mostly digits, nor in "wow!great", which lacks a blank; but in "cl!ck"."""
    before, after = place.start(), place.end()
    while before and word[before - 1].isalnum():
        before -= 1
    while after < len(word) and word[after].isalnum():
        after += 1
    digits = sum(map(str.isdecimal, word[before:after]))
    if digits * 2 > after - before:
        return False
    return place[0] != "!" or not _VOWEL.search(word[before : place.start()])
