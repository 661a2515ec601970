"""The model of `py3langid` in a fifth of its memory, for each process that detects languages.

The package reads a text with an automaton of 256 next states for every state, 40 MB, and keeps the weights
of all languages beside those in use. What its automaton finds at each byte is the longest n-gram of the model
that ends there: here the n-grams are sorted numbers, which are looked up.
"""

import math
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from py3langid.langid import MODEL_DIR, MODEL_FILE
from py3langid.modelio import load_model

STATES_AT_ONCE = 2_048  # when the model is read: bounds the memory that this takes
_BYTES = np.uint64(256)

Codes = npt.NDArray[np.uint64]
Features = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KnownNgrams:
    """The n-grams of one length: `codes` in ascending order, and the feature of each, -1 for none."""

    codes: Codes
    features: Features


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A naive Bayes model: `weights` float16[features, languages], `priors` float32[languages].

    `ngrams`: by length. `aliases`: places of languages that occur twice, with the first place of each.
    """

    languages: tuple[str, ...]
    aliases: tuple[tuple[int, int], ...]
    priors: Scores
    weights: npt.NDArray[np.float16]
    ngrams: Mapping[int, KnownNgrams]

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
            dict(_ngrams_of(np.asarray(next_states).reshape(-1, 256), np.asarray(rows), features)),
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
        """Log-likelihoods, of which a feature counts with the logarithm of how often it occurs."""
        found = self.features_of(octets)
        if not len(found):
            return np.zeros(len(self.languages), np.float32)
        unique, first, counts = np.unique(found, return_index=True, return_counts=True)
        order = np.argsort(first)  # as the package sums them: in order of appearance
        scores = np.log1p(counts[order].astype(np.float32)) @ self.weights[unique[order]]
        return np.asarray(scores + self.priors, np.float32)

    def features_of(self, octets: bytes) -> Features:
        """The features of a text in order of appearance."""
        codes = _codes_by_length(octets, max(self.ngrams, default=0))
        found = np.full(len(octets), -1, np.int32)
        ends = np.arange(len(octets))  # of what may have a shorter n-gram
        for length in sorted(self.ngrams, reverse=True):
            known, tried = self.ngrams[length], ends[ends >= length - 1]
            wanted = codes[length][tried - (length - 1)]
            places = np.minimum(np.searchsorted(known.codes, wanted), len(known.codes) - 1)
            hits = known.codes[places] == wanted
            found[tried[hits]] = known.features[places[hits]]
            ends = np.concatenate([ends[ends < length - 1], tried[~hits]])
        return found[found >= 0]


def _codes_by_length(octets: bytes, longest: int) -> dict[int, Codes]:
    """The n-grams of each length as numbers, in order of their places."""
    single = np.frombuffer(octets, np.uint8).astype(np.uint64)
    codes = {1: single}
    for length in range(2, longest + 1):
        codes[length] = codes[length - 1][:-1] * _BYTES + single[length - 1 :]
    return codes


def _ngrams_of(
    rows_of_states: npt.NDArray[np.uint32], rows: npt.NDArray[np.uint16], features: list[int]
) -> Iterator[tuple[int, KnownNgrams]]:
    """The n-grams by length: those of the states that so many bytes lead to for the first time."""
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
        order = np.argsort(codes)
        yield length, KnownNgrams(codes[order], of_states[states][order])


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
