"""The phrases that reasons may quote: words that speak for a label and that several authors wrote.

A text is personal and may be erased, but a decision's reasons stay in the log. What several people wrote the
same identifies none of them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring.learning.texts.linear import Linear
from scoring.texts.ngrams import ngram_rows
from scoring.texts.normalization import normalize_text

MIN_AUTHORS = 3
MAX_PHRASES = 400  # of a head
MIN_MARGIN = 0.1  # log-odds that a phrase alone adds
MAX_LENGTH = 40  # characters
_WORD = re.compile(r"\w+")


def common_phrases(texts: Iterable[str | None], groups: Iterable[int]) -> list[str]:
    """The words and pairs of words that at least MIN_AUTHORS groups wrote, in order.

    `groups`: the codes of the texts' authors.
    """
    authors: dict[str, set[int]] = defaultdict(set)
    for text, group in zip(texts, groups, strict=True):
        for phrase in set(_phrases(text or "")):
            if len(authors[phrase]) < MIN_AUTHORS:
                authors[phrase].add(group)
    return sorted(phrase for phrase, known in authors.items() if len(known) >= MIN_AUTHORS)


def telling_phrases(phrases: list[str], linear: Linear) -> dict[str, float]:
    """The phrases that speak most for a positive label, with the log-odds that each adds alone."""
    if not phrases:
        return {}
    added: NDArray[np.float64] = ngram_rows(phrases).astype(np.float64) @ linear.weights
    order = np.argsort(-added, kind="stable")[:MAX_PHRASES]
    return {phrases[place]: round(float(added[place]), 4) for place in order if added[place] >= MIN_MARGIN}


def _phrases(text: str) -> Iterable[str]:
    words = [word for word in _WORD.findall(normalize_text(text).text) if len(word) <= MAX_LENGTH]
    yield from (word for word in words if len(word) > 1 and not word.isdigit())
    yield from (f"{first} {second}" for first, second in pairwise(words))
