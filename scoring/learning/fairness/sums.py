"""Weighted sums of every slice on resamples of the same events, without going through the events again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from scoring.learning.fairness.slicing import Slicing

SAMPLES_AT_A_TIME = 16  # in float64; all of them at once would take most of the memory

Floats = NDArray[np.float64]
Draws = NDArray[np.uint16]


@dataclass(frozen=True)
class JudgedScores:
    """Events with label int[n], score float64[n] and entity int[n]. `weights` float64[n]: how often each
    counts, None for once.
    """

    y: NDArray
    score: NDArray
    groups: NDArray
    weights: NDArray | None = None

    @property
    def counted(self) -> Floats:
        """float64[n]: how often each event counts."""
        return np.ones(len(self.y)) if self.weights is None else np.asarray(self.weights, dtype=np.float64)


@dataclass(frozen=True)
class Confusion:
    """Sums by slice and resample, each float64[K, B]; `flagged` and `hits` for the threshold of each name."""

    rows: Floats
    positives: Floats
    scores: Floats
    flagged: Mapping[str, Floats]
    hits: Mapping[str, Floats]

    @property
    def rest(self) -> "Confusion":
        """The same of all events outside each slice."""

        def outside(sums: Floats) -> Floats:
            return sums.sum(axis=0) - sums

        return Confusion(
            outside(self.rows),
            outside(self.positives),
            outside(self.scores),
            {name: outside(sums) for name, sums in self.flagged.items()},
            {name: outside(sums) for name, sums in self.hits.items()},
        )

    def rates(self) -> dict[str, tuple[Floats, Floats]]:
        """By name each rate and its denominator, float64[K, B]; NaN where the denominator is 0."""
        negatives = self.rows - self.positives
        found = {"calibration": (_share(self.scores - self.positives, self.rows), self.rows)}
        for name, flagged in self.flagged.items():
            hits = self.hits[name]
            found[f"recall_at_{name}"] = (_share(hits, self.positives), self.positives)
            found[f"precision_at_{name}"] = (_share(hits, flagged), flagged)
            found[f"false_positive_rate_at_{name}"] = (_share(flagged - hits, negatives), negatives)
            found[f"flagged_at_{name}"] = (_share(flagged, self.rows), self.rows)
        return found


def sum_slices(
    judged: JudgedScores, slicing: Slicing, *, thresholds: Mapping[str, float], draws: Draws
) -> Confusion:
    """The sums of each slice if each entity is drawn so many times: `draws` uint16[G, B], by entity code.

    A threshold flags every score at or above it.
    """
    w, y = judged.counted, np.asarray(judged.y, dtype=np.float64)
    entity = np.unique(judged.groups, return_inverse=True)[1]
    shape = (len(slicing.names), len(draws))

    def total(values: Floats) -> Floats:
        return _times_draws(csr_matrix((values, (slicing.codes, entity)), shape=shape), draws)

    over = {name: np.asarray(judged.score) >= threshold for name, threshold in thresholds.items()}
    return Confusion(
        rows=total(w),
        positives=total(w * y),
        scores=total(w * judged.score),
        flagged={name: total(w * flags) for name, flags in over.items()},
        hits={name: total(w * y * flags) for name, flags in over.items()},
    )


def draw_entities(groups: NDArray | Sequence[int], *, samples: int, seed: int) -> Draws:
    """uint16[G, samples]: how often each entity is drawn in each resample; the sum of each is G."""
    size = len(np.unique(groups))
    rng = np.random.default_rng(seed)
    drawn = np.empty((samples, size), dtype=np.uint16)
    for row in drawn:
        row[:] = np.bincount(rng.integers(0, size, size), minlength=size)
    return drawn.T


def _times_draws(by_entity: csr_matrix, draws: Draws) -> Floats:
    """float64[K, B] of sums by slice and entity [K, G]."""
    found = np.empty((by_entity.shape[0], draws.shape[1]))
    for start in range(0, draws.shape[1], SAMPLES_AT_A_TIME):
        block = slice(start, start + SAMPLES_AT_A_TIME)
        found[:, block] = by_entity @ np.ascontiguousarray(draws[:, block], dtype=np.float64)
    return found


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)
