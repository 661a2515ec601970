"""The language that a text is written in, detected offline and always the same.

The model is that of `py3langid` (n-grams of bytes; it comes with the package), limited to languages that are
written by millions: the rare ones are what short texts are mistaken for.
"""

import re
from functools import cache, lru_cache

from scoring.texts.language_model import LanguageModel
from scoring.texts.normalization import readable_text
from scoring.texts.surveys.survey import MAX_KEPT

MIN_SHARE = 0.5  # of the model's certainty; below it nothing is said
MIN_LETTERS = 6
MAX_READ = 400  # characters: enough to tell
NO_LANGUAGE = "zxx"  # what the model calls addresses, emoji and drawings

_CODES = """
af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn
ko lo lt lv mk ml mn mr ms my ne nl no or pa pl ps pt ro ru si sk sl so sq sr sv sw ta te tg th tl tr uk ur uz
vi zh
"""
LANGUAGES = tuple(_CODES.split())
_LINKS_AND_DIGITS = r"https?://\S+|www\.\S+|[\d_]+"
_NOT_WORDS, _NOT_WORDS_NOR_MAIL = re.compile(_LINKS_AND_DIGITS), re.compile(rf"\S*@\S+|{_LINKS_AND_DIGITS}")
# One language under several names: what a sender says and what is detected must be equal.
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "fil": "tl", "cmn": "zh", "zho": "zh"}


def detect_language(text: str) -> str:
    """The ISO 639-1 code of a text's language; "" if it is too short or cannot be told.

    >>> detect_language("I love this song so much"), detect_language("ok"), detect_language("12:30!")
    ('en', '', '')
    """
    readable = readable_text(text[:MAX_READ])
    others = _NOT_WORDS_NOR_MAIL if "@" in readable else _NOT_WORDS  # the former is slow
    plain = " ".join(others.sub(" ", readable).split())
    if plain.isascii() and sum(map(str.isalpha, plain)) < MIN_LETTERS:
        return ""
    return _most_likely(plain)


def plain_language(code: str) -> str:
    """A language code without region and script, under its usual name.

    >>> plain_language("en-US"), plain_language("ZH_Hant"), plain_language("nb")
    ('en', 'zh', 'no')
    """
    language = re.split("[-_]", code.strip().lower(), maxsplit=1)[0]
    return _SAME.get(language, language)


def load_model() -> None:
    """Read the model now: it takes a second."""
    _model()


@lru_cache(maxsize=MAX_KEPT)
def _most_likely(text: str) -> str:
    language, share = _model().classify(text)
    return "" if share < MIN_SHARE or language == NO_LANGUAGE else plain_language(language)


@cache
def _model() -> LanguageModel:
    return LanguageModel.read({*LANGUAGES, "nn", NO_LANGUAGE})
