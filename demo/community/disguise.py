"""How spammers disguise a text, and edit a picture, so that exact filters miss it."""

from collections.abc import Callable, Mapping

import numpy as np

_HOMOGLYPHS: Mapping[str, str] = {"a": "а", "c": "с", "e": "е", "o": "о", "p": "р", "x": "х", "i": "і"}  # noqa: RUF001
_DIGITS: Mapping[str, str] = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
_ZERO_WIDTH = "\u200b"


def disguise(rng: np.random.Generator, text: str) -> str:
    """The text with one kind of disguise; links stay as they are, because they must work."""
    change = _DISGUISES[rng.integers(len(_DISGUISES))]
    return " ".join(word if _is_link(word) else change(rng, word) for word in text.split(" "))


def _is_link(word: str) -> bool:
    return ".example" in word


def _homoglyphs(rng: np.random.Generator, word: str) -> str:
    return "".join(_HOMOGLYPHS.get(letter, letter) if rng.random() < 0.5 else letter for letter in word)


def _digits(rng: np.random.Generator, word: str) -> str:
    return "".join(_DIGITS.get(letter, letter) if rng.random() < 0.5 else letter for letter in word)


def _spaced(rng: np.random.Generator, word: str) -> str:
    return " ".join(word) if len(word) > 3 and rng.random() < 0.4 else word


def _zero_width(rng: np.random.Generator, word: str) -> str:
    return _ZERO_WIDTH.join(word) if rng.random() < 0.6 else word


def _loud(rng: np.random.Generator, word: str) -> str:
    return word.upper() + ("!" if rng.random() < 0.2 else "")


_DISGUISES: tuple[Callable[[np.random.Generator, str], str], ...] = (
    _homoglyphs,
    _digits,
    _spaced,
    _zero_width,
    _loud,
)
