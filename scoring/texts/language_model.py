"""The model of `py3langid` in a fifth of its memory, for each process that detects languages.

The package reads a text with an automaton of 256 next states for every state, 40 MB, and keeps the weights
of all languages beside those in use. What its automaton finds at each byte is the longest n-gram of the model
that ends there: here the n-grams are numbers, which are looked up in a hash table.
"""

import math
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from py3langid.langid import MODEL_DIR, MODEL_FILE
from py3langid.modelio import load_model

from scoring.texts.surveys.survey import compiled

STATES_AT_ONCE = 2_048  # when the model is read: bounds the memory that this takes
_BYTES = np.uint64(256)

Codes = npt.NDArray[np.uint64]
Features = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KnownNgrams:
    """The n-grams of the model by their codes, and the feature of each, -1 for none.

    An n-gram's code is its bytes as a number, with their count in the highest byte. `codes` and `features`: a
    hash table with linear probing.
    """

    codes: Codes
    features: Features
    longest: int

    @classmethod
    def of(cls, parts: Collection[tuple[int, Codes, Features]]) -> "KnownNgrams":
        """Those of each length, given with their bytes as numbers and their features."""
        size = 1 << (2 * sum(len(codes) for _, codes, _ in parts)).bit_length()
        table = cls(np.zeros(size, np.uint64), np.zeros(size, np.int32), max(part[0] for part in parts))
        for length, codes, features in parts:
            compiled().store_codes(codes | np.uint64(length << 56), features, table.codes, table.features)
        return table

    def found_in(self, octets: bytes) -> Features:
        """The feature of the longest n-gram that ends at each byte of a text, -1 for none."""
        given = np.frombuffer(octets, np.uint8)
        return np.asarray(compiled().longest_known(given, self.longest, self.codes, self.features))

    def counts_in(self, octets: bytes) -> tuple[Features, Places]:
        """The different features of a text in order of appearance, and how often each occurs."""
        features, counts = compiled().count_values(self.found_in(octets))
        return features, counts


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A naive Bayes model: `weights` float16[features, languages], `priors` float32[languages].

    `aliases`: places of languages that occur twice, with the first place of each.
    """

    languages: tuple[str, ...]
    aliases: tuple[tuple[int, int], ...]
    priors: Scores
    weights: npt.NDArray[np.float16]
    ngrams: KnownNgrams

    @classmethod
    def read(cls, languages: Collection[str]) -> "LanguageModel":
        """The package's model of these languages."""
        weights, priors, names, next_states, rows, features = load_model(MODEL_DIR / MODEL_FILE)
        kept = [place for place, name in enumerate(names) if name in languages]
        chosen = tuple(names[place] for place in kept)
        return cls(
            chosen,
            tuple((chosen.index(name), at) for at, name in enumerate(chosen) if chosen.index(name) < at),
            priors[kept],
            np.ascontiguousarray(weights[:, kept]),  # one feature's weights side by side
            KnownNgrams.of(
                [*_ngrams_of(np.asarray(next_states).reshape(-1, 256), np.asarray(rows), features)]
            ),
        )

    def classify(self, text: str) -> tuple[str, float]:
        """The likeliest language of a text, and its share of the likelihood."""
        octets = _encoded(text)
        scores = self._scores(octets) * np.float32(1.0 / math.sqrt(len(octets) or 1))
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        for first, again in self.aliases:
            shares[first] += shares[again]
            shares[again] = 0.0
        place = int(shares.argmax())
        return self.languages[place], float(shares[place])

    def _scores(self, octets: bytes) -> Scores:
        """Log-likelihoods, of which a feature counts with the logarithm of how often it occurs.

        Features are added in order of appearance, as the package does.
        """
        features, counts = self.ngrams.counts_in(octets)
        if not len(features):
            return np.zeros(len(self.languages), np.float32)
        scores = np.log1p(counts.astype(np.float32)) @ self.weights[features]
        return np.asarray(scores + self.priors, np.float32)


def _ngrams_of(
    rows_of_states: npt.NDArray[np.uint32], rows: npt.NDArray[np.uint16], features: list[int]
) -> Iterator[tuple[int, Codes, Features]]:
    """The n-grams of each length: those of the states that so many bytes lead to for the first time."""
    of_states = np.array(features, np.int32)
    seen = np.zeros(len(rows), np.bool_)
    states, codes, length = np.zeros(1, np.int64), np.zeros(1, np.uint64), 0
    seen[0] = True
    while True:
        found = [
            _following(rows_of_states, rows, states[first : first + STATES_AT_ONCE], seen, first=first)
            for first in range(0, len(states), STATES_AT_ONCE)
        ]
        parents, octets, states = (np.concatenate(part) for part in zip(*found, strict=True))
        if not len(states):
            return
        codes = codes[parents] * _BYTES + octets.astype(np.uint64)
        seen[states] = True
        length += 1
        yield length, codes, of_states[states]


def _following(
    rows_of_states: npt.NDArray[np.uint32],
    rows: npt.NDArray[np.uint16],
    states: Places,
    seen: npt.NDArray[np.bool_],
    *,
    first: int,
) -> tuple[Places, Places, Places]:
    """Where unseen states are reached from: places of the parents from `first` on, bytes, states."""
    following = rows_of_states[rows[states]]
    parents, octets = np.nonzero(~seen[following])
    return parents + first, octets, following[parents, octets].astype(np.int64)


def _encoded(text: str) -> bytes:
    """The bytes that the package reads."""
    plain = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", plain).encode("utf-8", errors="surrogatepass")
