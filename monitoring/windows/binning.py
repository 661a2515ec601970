"""Counts feature vectors and scores in the bins of a model's reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.timestamps import from_iso

BinCounts = NDArray[np.int64]
DAY_S = 86_400


@dataclass(frozen=True)
class DailyCounts:
    """Days known to be ordinary, counted one by one in the bins of a reference.

    `ages` float64[D]: days from the end of the reference's rows to the end of each day; up to 0, its rows are
    among those of the reference. `counts` int64[D, ...]: as the reference counts features or scores.
    """

    ages: NDArray[np.float64]
    counts: BinCounts

    def __len__(self) -> int:
        return len(self.ages)


NO_DAYS = DailyCounts(np.zeros(0), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Reference:
    """The distributions of a model's features, scores and outcomes in its training data.

    `edges[f]` ascend: value v of feature f is in bin `searchsorted(edges[f], v, side="right")`. `features`
    is int64 [F, W + 1]: rows by bin, W the largest number of bins, missing values in the last column.
    `until`: the end of the training rows; None for versions that did not store it. `days` and `score_days`:
    single days of that time and after it, which show how far days differ without any drift. `of_later_rows`
    bool[F]: features whose counts are those of rows after training instead.
    """

    rows: int
    names: tuple[str, ...]
    edges: tuple[NDArray[np.float64], ...]
    features: BinCounts
    score_edges: NDArray[np.float64]
    scores: BinCounts
    outcomes: Mapping[str, int]
    of_later_rows: NDArray[np.bool_]
    until: datetime | None = None
    days: DailyCounts = field(default=NO_DAYS)
    score_days: DailyCounts = field(default=NO_DAYS)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Reference | None":
        """The reference stored in `ModelVersion.reference`; None for versions older than references."""
        if not stored.get("features"):
            return None
        columns = stored["features"]
        width = 1 + max(len(column["counts"]) for column in columns)
        features = _pad([[*column["counts"], column["missing"]] for column in columns], width)
        days = stored.get("days")
        until = from_iso(days["until"]) if days else None
        return cls(
            rows=stored["rows"],
            names=tuple(column["name"] for column in columns),
            edges=tuple(np.asarray(column["edges"], dtype=np.float64) for column in columns),
            features=features,
            score_edges=np.asarray(stored["score"]["edges"], dtype=np.float64),
            scores=np.asarray(stored["score"]["counts"], dtype=np.int64),
            outcomes=stored["outcomes"],
            of_later_rows=np.array([column.get("later", False) for column in columns]),
            until=until,
            days=_daily(days["features"], until, width=width) if days and until else NO_DAYS,
            score_days=_daily(days["scores"], until) if days and until else NO_DAYS,
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


def _pad(columns: Sequence[Sequence[int]], width: int) -> BinCounts:
    """Counts of bins, missing values last, as rows of one width: int64 [len(columns), width]."""
    padded = np.zeros((len(columns), width), dtype=np.int64)
    for row, column in zip(padded, columns, strict=True):
        row[: len(column) - 1] = column[:-1]
        row[-1] = column[-1]
    return padded


def _daily(stored: Sequence[Mapping[str, Any]], until: datetime, *, width: int = 0) -> DailyCounts:
    """The days of a stored reference; with `width`, each has the counts of several features."""
    if not stored:
        return NO_DAYS
    starts = [datetime.fromisoformat(day["day"]).replace(tzinfo=UTC) for day in stored]
    counts = [_pad(day["counts"], width) if width else np.asarray(day["counts"]) for day in stored]
    ages = [(start - until).total_seconds() / DAY_S + 1 for start in starts]
    return DailyCounts(np.array(ages), np.stack(counts).astype(np.int64))


def pack(counts: BinCounts) -> bytes:
    """int64 counts as little-endian bytes, row by row."""
    return counts.astype("<i8").tobytes()


def unpack(packed: bytes | memoryview) -> BinCounts:
    """The inverse of `pack` for a vector of counts."""
    return np.frombuffer(packed, dtype="<i8")
