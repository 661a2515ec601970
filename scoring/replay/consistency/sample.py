"""A sample of a lane's entities. An entity's states do not depend on other entities. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import LanePlan
from scoring.features.folding.encode import Batch, KeyColumn
from scoring.registry.routes import share_point


@dataclass(frozen=True, slots=True)
class Sample:
    """The k of n items of a batch that concern a sampled entity, with the keys of sampled entities only.

    `rows` int64[k]: their indexes; `known` bool[k, key columns]: whether the key's state is available,
    because its entity is sampled or missing.
    """

    batch: Batch
    rows: NDArray[np.int64]
    known: NDArray[np.bool_]


def take_sample(plan: LanePlan, batch: Batch, *, share: float) -> Sample:
    """The sample with a `share` (0 to 1) of the entities of each kind, chosen by a hash of kind and key."""
    drawn = [
        np.array([share_point(plan.entity_kinds[kind].name, key) < share for key in column.uniques] + [False])
        for kind, column in zip(batch.kinds, batch.keys, strict=True)
    ]
    kept = np.stack([draw[column.codes] for draw, column in zip(drawn, batch.keys, strict=True)], axis=1)
    absent = np.stack([column.codes < 0 for column in batch.keys], axis=1)
    rows = np.flatnonzero(kept.any(axis=1))
    by_item = ("program", "times", "seqs", "deltas", "values", "hashes")
    sampled = Batch(
        n=len(rows),
        **{name: getattr(batch, name)[rows] for name in by_item},
        keys=[_kept_keys(column, draw, rows) for column, draw in zip(batch.keys, drawn, strict=True)],
        kinds=batch.kinds,
    )
    return Sample(sampled, rows, (kept | absent)[rows])


def _kept_keys(column: KeyColumn, drawn: NDArray[np.bool_], rows: NDArray[np.int64]) -> KeyColumn:
    renumbered = np.where(drawn, np.cumsum(drawn) - 1, -1)
    uniques = [key for key, is_drawn in zip(column.uniques, drawn[:-1].tolist(), strict=True) if is_drawn]
    return KeyColumn(renumbered[column.codes][rows], uniques)


def known_columns(known: NDArray[np.bool_], read: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool[k, columns]: the columns of each item's row that read only available states.

    `known` bool[k, key columns]; `read` bool[columns, key columns].
    """
    return np.logical_not(~known @ read.T)  # of booleans: whether any kind is both unknown and read
