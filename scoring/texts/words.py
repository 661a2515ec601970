"""What a text repeats, whom it addresses, and how much of it is pictures."""

import re
import unicodedata
from collections.abc import Iterator

from scoring.texts.characters import is_invisible
from scoring.texts.normalization import normalize_text
from scoring.texts.surveys.properties import PROPERTIES
from scoring.texts.surveys.survey import compiled, survey

_MENTION = re.compile(r"(?<![\w@.])@[\w.-]{2,64}(?!@)")
_HASHTAG = re.compile(r"(?<![\w#&])#[^\W\d_][\w]{1,63}")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_JOINER = "\u200d"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_PICTURES = ("So", "Sk")  # emoji, and the tones of their skin


def count_mentions(text: str) -> int:
    """Names with an @ before them.

    >>> count_mentions("@ann and @bob, write to me@example.com")
    2
    """
    return len(_MENTION.findall(text)) if "@" in text else 0


def count_hashtags(text: str) -> int:
    """Words with a # before them.

    >>> count_hashtags("#sale #1 &#39; C# #now")
    2
    """
    return len(_HASHTAG.findall(text)) if "#" in text else 0


def count_emoji(text: str) -> int:
    """Pictures as people count them: a family of joined ones is one, and so is a flag.

    >>> count_emoji("\\u2764\\ufe0f \\U0001f44d\\U0001f3fd ok \\U0001f468\\u200d\\U0001f467")
    3
    """
    if text.isascii() or not any(map(survey(text).count, _PICTURES)):
        return 0
    return sum(1 for _ in _emoji(_FLAG.sub("\u2764", text)))


def repeated_share(text: str) -> float | None:
    """The share of the words that occurred before in the text; None without words.

    >>> repeated_share("buy now, BUY n0w!"), repeated_share("good song")
    (0.5, 0.0)
    """
    words, different = compiled().count_words(survey(normalize_text(text).text).codes, PROPERTIES)
    return 1 - different / words if words else None


def _emoji(text: str) -> Iterator[str]:
    """The pictures that no joiner joins to another character. Nothing is joined across ASCII characters."""
    for run in _NOT_ASCII.findall(text):
        before = ""
        for character in run:
            if character == _JOINER:
                before = character
            elif not is_invisible(character):
                if unicodedata.category(character) in _PICTURES and before != _JOINER:
                    yield character
                before = character
