"""Turns an ensemble into tables: what every group of leaves adds to each contribution, by the group's key."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.explain import kernel
from scoring.explain.errors import NotTabulated
from scoring.explain.groups import LeafGroup, PathCondition, group_leaves
from scoring.explain.kernel import CELLS, LANE_BITS, LANES, VALUES
from scoring.explain.trees import Ensemble, Tree

MAX_BYTES = 64 * 2**20  # of a model's tables; 200 full trees of depth 6 take a fifth of it
_ROW_BYTES = CELLS * 4
_KEEP = (1 << LANES * LANE_BITS) - 1

Words = tuple[
    NDArray[np.int64], NDArray[np.uint32], NDArray[np.float32], NDArray[np.uint64], NDArray[np.uint64]
]


class ExplanationTables(NamedTuple):
    """The arguments of `kernel.look_up` besides rows, where each array is described."""

    base: np.float32
    bias: float
    first_node: NDArray[np.int64]
    column: NDArray[np.uint32]
    threshold: NDArray[np.float32]
    masks: NDArray[np.uint64]
    start: NDArray[np.uint64]
    first_row: NDArray[np.uint64]
    target: NDArray[np.uint32]
    rows: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        """The memory they take."""
        return sum(np.asarray(field).nbytes for field in self)


class LookupTable(NamedTuple):
    """One of a group's tables, with the contributions of at most VALUES features."""

    group: LeafGroup
    features: list[int]
    first_row: int


def tabulate(ensemble: Ensemble) -> ExplanationTables:
    """The tables of an ensemble, at most MAX_BYTES in all.

    Raises NotTabulated if a path is too long, or if the tables would take more.
    """
    groups = _groups_within_bounds(ensemble)
    first_rows = [0, *accumulate(_row_count(group) for group in groups)]
    rows, means = _fill(groups, first_rows)
    tables = [
        table for group, first in zip(groups, first_rows, strict=False) for table in _tables(group, first)
    ]
    blank = first_rows[-1]
    return ExplanationTables(
        ensemble.base,
        float(ensemble.base) + means,
        *_words(tables, width=ensemble.width),
        *_destinations(tables, width=ensemble.width, blank=blank),
        rows,
    )


def _groups_within_bounds(ensemble: Ensemble) -> list[LeafGroup]:
    groups, size = [], 0
    for tree in ensemble.trees:
        for group in group_leaves(tree):
            size += _row_count(group) * _ROW_BYTES
            if size > MAX_BYTES:
                raise NotTabulated(f"its tables would take more than {MAX_BYTES >> 20} MiB")
            groups.append(group)
    return groups


def _table_count(group: LeafGroup) -> int:
    return max(1, -(-len(group.features) // VALUES))


def _row_count(group: LeafGroup) -> int:
    return _table_count(group) << group.bits


def _tables(group: LeafGroup, first_row: int) -> Iterator[LookupTable]:
    for number in range(_table_count(group)):
        features = group.features[number * VALUES : (number + 1) * VALUES]
        yield LookupTable(group, features, first_row + (number << group.bits))


def _fill(groups: Sequence[LeafGroup], first_rows: Sequence[int]) -> tuple[NDArray[np.float32], float]:
    """The rows of all tables, the last one adding nothing, and the mean output of the trees."""
    value: list[float] = []
    first_leaf, first_part = [0], [0]
    cells: list[int] = []
    parts: list[PathCondition] = []
    means = []
    for group in groups:
        places = {feature: place for place, feature in enumerate(group.features)}
        for leaf in group.leaves:
            asked = group.parts(leaf)
            parts += asked
            cells += [_cell(places[part.feature]) for part in asked]
            first_part.append(len(parts))
            value.append(float(group.tree.threshold[leaf.node]))
            means.append(value[-1] * prod(part.share for part in asked))
        first_leaf.append(len(value))
    rows = np.full((first_rows[-1] + 1, CELLS), -0.0, dtype=np.float32)
    kernel.fill(
        _integers(first_rows[:-1]),
        _integers([group.bits for group in groups]),
        _integers([_table_count(group) for group in groups]),
        _integers(first_leaf),
        np.array(value, dtype=np.float64),
        _integers(first_part),
        _integers(cells),
        _integers([part.care for part in parts]),
        _integers([part.want for part in parts]),
        np.array([part.share for part in parts], dtype=np.float64),
        *_gauss_legendre(LANE_BITS // 2),
        rows,
    )
    return rows, sum(means)


def _cell(place: int) -> int:
    """The cell of a group's feature, counted over the group's tables."""
    return place // VALUES * CELLS + place % VALUES


def _integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _gauss_legendre(most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and weights of the rules with 1 to `most` points on the interval 0..1, a rule a row."""
    points, weights = np.zeros((2, most + 1, most))
    for order in range(1, most + 1):
        places, sizes = np.polynomial.legendre.leggauss(order)
        points[order, :order], weights[order, :order] = (places + 1) / 2, sizes / 2
    return points, weights


def _words(tables: Sequence[LookupTable], *, width: int) -> Words:
    """(first_node, column, threshold, masks, start) of the words with the tables' keys, LANES to a word."""
    first_node, start = [0], []
    column, threshold, masks = [], [], []
    for first in range(0, len(tables), LANES):
        lanes = tables[first : first + LANES]
        start.append(sum((1 << table.group.bits) - 1 << lane * LANE_BITS for lane, table in enumerate(lanes)))
        for tree, node, cleared in _nodes(lanes):
            column.append(tree.feature[node] + (width if tree.missing_left[node] else 0))
            threshold.append(tree.threshold[node])
            masks.append([_KEEP ^ bits for bits in cleared])
        first_node.append(len(column))
    return (
        _integers(first_node),
        np.array(column, dtype=np.uint32),
        np.array(threshold, dtype=np.float32),
        np.array(masks, dtype=np.uint64).reshape(-1, 2),
        np.array(start, dtype=np.uint64),
    )


def _nodes(lanes: Sequence[LookupTable]) -> Iterable[tuple[Tree, int, list[int]]]:
    """Every split that these tables' keys test: tree, node, bits to clear if a row goes right or left."""
    cleared: dict[tuple[int, int], tuple[Tree, int, list[int]]] = {}
    for lane, table in enumerate(lanes):
        tree = table.group.tree
        for step, bit in table.group.asked.values():
            _, _, bits = cleared.setdefault((id(tree), step.node), (tree, step.node, [0, 0]))
            bits[not step.left] |= bit << lane * LANE_BITS
    return cleared.values()


def _destinations(
    tables: Sequence[LookupTable], *, width: int, blank: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """(first_row, target) of the tables; unused lanes of the last word refer to the `blank` row."""
    lanes = -(-len(tables) // LANES) * LANES
    first_row = np.full(lanes, blank, dtype=np.uint64)
    target = np.full((lanes, CELLS), width, dtype=np.uint32)
    for lane, table in enumerate(tables):
        first_row[lane] = table.first_row
        target[lane, : len(table.features)] = table.features
    return first_row, target
