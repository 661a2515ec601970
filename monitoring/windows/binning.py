"""Counts feature vectors and scores in the bins of a model's reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BinCounts = NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """The distributions of a model's features, scores and outcomes in its training data.

    `edges[f]` ascend: value v of feature f is in bin `searchsorted(edges[f], v, side="right")`. `features`
    is int64 [F, W + 1]: rows by bin, W the largest number of bins, missing values in the last column.
    """

    rows: int
    names: tuple[str, ...]
    edges: tuple[NDArray[np.float64], ...]
    features: BinCounts
    score_edges: NDArray[np.float64]
    scores: BinCounts
    outcomes: Mapping[str, int]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Reference | None":
        """The reference stored in `ModelVersion.reference`; None for versions older than references."""
        if not stored.get("features"):
            return None
        columns = stored["features"]
        features = np.zeros((len(columns), 1 + max(len(c["counts"]) for c in columns)), dtype=np.int64)
        for row, column in zip(features, columns, strict=True):
            row[: len(column["counts"])] = column["counts"]
            row[-1] = column["missing"]
        return cls(
            rows=stored["rows"],
            names=tuple(column["name"] for column in columns),
            edges=tuple(np.asarray(column["edges"], dtype=np.float64) for column in columns),
            features=features,
            score_edges=np.asarray(stored["score"]["edges"], dtype=np.float64),
            scores=np.asarray(stored["score"]["counts"], dtype=np.int64),
            outcomes=stored["outcomes"],
        )

    def bins(self, feature: int, counts: BinCounts) -> BinCounts:
        """The bins of one feature from a matrix like `features`, without padding, missing values last."""
        used = len(self.edges[feature]) + 1
        return np.append(counts[feature, :used], counts[feature, -1])

    def count_vectors(self, vectors: NDArray[np.float64]) -> BinCounts:
        """Count vectors [n, F] into a matrix like `features`. NaN is missing."""
        counts = np.zeros_like(self.features)
        columns = np.ascontiguousarray(vectors.T)
        missing = np.isnan(columns)
        counts[:, -1] = missing.sum(axis=1)
        for feature, edges in enumerate(self.edges):
            column = columns[feature]
            known = column[~missing[feature]] if counts[feature, -1] else column
            places = edges.searchsorted(known, side="right")
            counts[feature, : len(edges) + 1] = np.bincount(places, minlength=len(edges) + 1)
        return counts

    def count_scores(self, scores: NDArray[np.float64]) -> BinCounts:
        """Scores [n] by bin, int64 [len(score_edges) + 1]."""
        places = np.searchsorted(self.score_edges, scores, side="right")
        return np.bincount(places, minlength=len(self.scores)).astype(np.int64)

    def unpack_features(self, packed: bytes | memoryview) -> BinCounts:
        """The inverse of `pack` for a matrix like `features`."""
        return np.frombuffer(packed, dtype="<i8").reshape(self.features.shape)

    def missing_share(self, packed: bytes | memoryview) -> float:
        """The share of missing values among all values of all features in a packed matrix."""
        counts = self.unpack_features(packed)
        return float(counts[:, -1].sum() / max(counts.sum(), 1))


def pack(counts: BinCounts) -> bytes:
    """int64 counts as little-endian bytes, row by row."""
    return counts.astype("<i8").tobytes()


def unpack(packed: bytes | memoryview) -> BinCounts:
    """The inverse of `pack` for a vector of counts."""
    return np.frombuffer(packed, dtype="<i8")
