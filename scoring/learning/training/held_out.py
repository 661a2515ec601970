"""A sample of the held-out events with their scores: what a policy would do is tried on it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.dataset.training_set import TrainingSet
from scoring.log.read import read_positions
from scoring.timestamps import from_micros, to_iso

MAX_POSITIVES = 1_500
MAX_HIGHEST = 1_500  # negatives with the highest scores, which thresholds divide
MAX_OTHERS = 1_500  # of all other negatives
SEED = 14


def describe_held_out(data: TrainingSet, score: NDArray[np.float64], *, days: float) -> dict[str, Any]:
    """{"positions", "scores", "positive", "weights", "days", "rows", "since", "until"} as stored.

    `positions`: log positions of the events' versions. `weights`: how many events each stands for.
    """
    rows, weights = sample_rows(data.y, score)
    if data.weights is not None:
        weights = weights * data.weights[rows]
    return {
        "positions": data.positions[rows].tolist(),
        "scores": score[rows].tolist(),
        "positive": data.y[rows].astype(int).tolist(),
        "weights": weights.tolist(),
        "days": days,
        "rows": len(data.y),
        "since": to_iso(from_micros(int(data.occurred_at.min()))),
        "until": to_iso(from_micros(int(data.occurred_at.max()))),
    }


def stakes_of(event_type: str, positions: Sequence[int]) -> list[int]:
    """The amounts at stake in the versions of events at these log positions, in minor units.

    It is the type's nominal one for an event without an amount.
    """
    kind = find_event_type(event_type)
    found = {entry.position: kind.stake(entry.data["fields"]) for entry in read_positions(positions)}
    stakes = (found.get(position) for position in positions)
    return [kind.nominal_stake if stake is None else stake for stake in stakes]


def sample_rows(
    y: NDArray[np.int8], score: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows int64[k], ascending, and their weights float64[k], which add up to the number of rows.

    All positives and the negatives with the highest scores if they are not too many; a sample of the others.
    """
    generator = np.random.default_rng(SEED)
    negatives = np.flatnonzero(y == 0)
    by_score = negatives[np.argsort(-score[negatives], kind="stable")]
    strata = [
        (np.flatnonzero(y == 1), MAX_POSITIVES),
        (by_score[:MAX_HIGHEST], MAX_HIGHEST),
        (by_score[MAX_HIGHEST:], MAX_OTHERS),
    ]
    rows, weights = [], []
    for stratum, limit in strata:
        chosen = generator.choice(stratum, limit, replace=False) if len(stratum) > limit else stratum
        rows.append(chosen)
        weights.append(np.full(len(chosen), len(stratum) / max(len(chosen), 1)))
    order = np.argsort(joined := np.concatenate(rows), kind="stable")
    return joined[order], np.concatenate(weights)[order]
