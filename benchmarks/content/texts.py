"""Posts of about a thousand characters in several languages, with links, contacts, emoji and disguises."""

import numpy as np

from benchmarks.content.words import EMOJI, SHARES, UNSPACED, WORDS
from demo.community.disguise import disguise

CHARACTERS, SPREAD = 1_000, 0.25  # of a text on average; the standard deviation as a share of it
WITH_LINK, WITH_CONTACT, WITH_EMOJI, DISGUISED = 0.15, 0.04, 0.2, 0.04  # shares of posts
COPIED, NEARLY_COPIED = 0.05, 0.05
REMEMBERED = 200  # texts that may be copied
_LANGUAGES, _RANKS = tuple(SHARES), {name: 1 / np.arange(5, 5 + len(words)) for name, words in WORDS.items()}


class TextWriter:
    """Writes texts of about so many characters, the same ones for the same seed."""

    def __init__(self, seed: int | tuple[int, ...], *, characters: int = CHARACTERS) -> None:
        self.rng, self.characters = np.random.default_rng(seed), characters
        self._earlier: list[str] = []

    def write(self, opening: str = "") -> str:
        """A text that begins with `opening`; some copy an earlier one, whole or but for a word."""
        drawn = self.rng.random()
        if self._earlier and drawn < COPIED + NEARLY_COPIED:
            text = self._earlier[self.rng.integers(len(self._earlier))]
            return text if drawn < COPIED else self._reworded(text)
        text = self._written(opening)
        if len(self._earlier) < REMEMBERED:
            self._earlier.append(text)
        else:
            self._earlier[self.rng.integers(REMEMBERED)] = text
        return text

    def _reworded(self, text: str) -> str:
        words = text.split(" ")
        words[self.rng.integers(len(words))] = f"x{self.rng.integers(1_000)}"
        return " ".join(words)

    def _written(self, opening: str) -> str:
        rng = self.rng
        language = _LANGUAGES[rng.choice(len(_LANGUAGES), p=list(SHARES.values()))]
        target = self.characters * max(rng.normal(1.0, SPREAD), SPREAD)
        parts, size = [opening] if opening else [], len(opening)
        while size < target:
            parts.append(self._sentence(language))
            size += len(parts[-1]) + 1
        text = " ".join([*parts, *self._extras()])
        return disguise(rng, text) if rng.random() < DISGUISED else text

    def _sentence(self, language: str) -> str:
        words, weights = WORDS[language], _RANKS[language]
        places = self.rng.choice(len(words), self.rng.integers(5, 15), p=weights / weights.sum())
        drawn = [words[place] for place in places]
        if language in UNSPACED:
            return "".join(drawn) + "。"
        return " ".join(drawn).capitalize() + ".,!?."[self.rng.integers(5)]

    def _extras(self) -> list[str]:
        rng = self.rng
        number = int(rng.integers(1, 400))
        extras = []
        if rng.random() < WITH_LINK:
            extras.append(f"https://www.site{number}.example.com/page/{rng.integers(10**6)}")
        if rng.random() < WITH_CONTACT:
            extras.append(f"+43 660 {1_000_000 + number} @user{number}")
        if rng.random() < WITH_EMOJI:
            extras.append(EMOJI[number % len(EMOJI)])
        return extras
