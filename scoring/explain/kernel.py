"""Numba kernels of the explanation tables: one fills them, one looks rows up in them.

Both add in one fixed order (no fastmath), so a row's result does not depend on the other rows.
"""

# Numeric kernels: flat, and in forms that numba compiles to plain branches and vectors. Unsigned indices
# need no test for negative ones, which halves the time to look up one row.
# mypy: disallow-untyped-defs=False
# ruff: noqa: PLR0917

import math

import numpy as np
from numba import njit

LANES = 4  # tables whose keys are computed together, in the lanes of one 64-bit word
LANE_BITS = 16
CELLS = 8  # float32 in a row of a table: 32 bytes, half a cache line
VALUES = CELLS - 1  # contributions among them; the last cell is the value of the leaf that the row ends in

_LANE = np.uint64((1 << LANE_BITS) - 1)
_SHIFT = np.uint64(LANE_BITS)
_BLOCK_ROWS = 64  # rows looked up together: their sums and values fit the first caches
_MAX_SINGLE_ROWS = 2  # up to this number, rows are faster one by one
_VECTOR = 4  # keys in a vector: rows are padded to multiples of it, because a remainder costs more


@njit(cache=True, nogil=True, error_model="numpy")
def fill(
    first_row,
    bits,
    tables,
    first_leaf,
    value,
    first_part,
    cell,
    care,
    want,
    share,
    points,
    weights,
    rows,
):
    """Writes the tables into `rows` float32[n, CELLS].

    Group g has leaves first_leaf[g] .. first_leaf[g + 1] and `tables[g]` tables of 2 ** bits[g] rows each,
    from row first_row[g]. Leaf l has a part (a condition) for each feature on its path, first_part[l] ..
    first_part[l + 1]. A key meets part p if key & care[p] == want[p]; share[p] of the training rows met it,
    among those that met the splits above. A leaf of value w adds to the contribution of part i's feature

        w (z_i - share_i) * integral over t from 0 to 1 of prod_{j != i} (t z_j + (1 - t) share_j)

    where z is 1 for a part that is met, else 0 (Owen 1972, Multilinear extensions of games).
    points[n] and weights[n] are the n-point Gauss-Legendre rule on 0..1, exact for this polynomial with
    n = parts / 2, rounded up.
    """
    factors = np.empty(LANE_BITS)
    after = np.empty(LANE_BITS + 1)  # products of the factors from a part to the last one
    for group in range(bits.size):
        size = 1 << bits[group]
        sums = np.empty(tables[group] * CELLS)
        for key in range(size):
            sums[:] = 0.0
            sums[VALUES::CELLS] = -0.0  # changes no margin, not even one of -0.0
            for leaf in range(first_leaf[group], first_leaf[group + 1]):
                start = first_part[leaf]
                parts = first_part[leaf + 1] - start
                met = 0
                for part in range(start, start + parts):
                    met += (key & care[part]) == want[part]
                if met == parts:
                    sums[VALUES] += value[leaf]
                order = (parts + 1) // 2
                for point in range(order):
                    t = points[order, point]
                    after[parts] = 1.0
                    for part in range(parts - 1, -1, -1):
                        at = start + part
                        is_met = 1.0 if (key & care[at]) == want[at] else 0.0
                        factors[part] = t * is_met + (1.0 - t) * share[at]
                        after[part] = after[part + 1] * factors[part]
                    before = weights[order, point] * value[leaf]
                    for part in range(parts):
                        at = start + part
                        is_met = 1.0 if (key & care[at]) == want[at] else 0.0
                        sums[cell[at]] += (is_met - share[at]) * before * after[part + 1]
                        before *= factors[part]
            for table in range(tables[group]):
                for column in range(CELLS):
                    rows[first_row[group] + table * size + key, column] = sums[table * CELLS + column]


@njit(cache=True, nogil=True, error_model="numpy")
def look_up(
    X, base, bias, first_node, column, threshold, masks, start, first_row, target, rows, margins, out
):
    """Writes the margins float32[n] and contributions float64[n, F + 1] of `X` float32[n, F].

    Word w holds the keys of the tables in its lanes, from w * LANES on: it starts as start[w] and is and-ed,
    for each of its nodes first_node[w] .. first_node[w + 1], with masks[node, 1] if the row goes left, else
    with masks[node, 0]. `column` is the node's feature, plus F if missing values go left. A table begins at
    first_row of `rows` float32[:, CELLS]; its cells are added to the columns target[table], F for none.
    Margins are summed in float32 from `base` in the order of the trees, as XGBoost does.
    """
    n, width = X.shape
    sums = np.empty((min(n, _BLOCK_ROWS), width + 1))
    if n <= _MAX_SINGLE_ROWS:
        values = np.empty((1, 2 * width), dtype=np.float32)
        for row in range(n):
            _widen(X[row : row + 1], values.T)
            margins[row] = _look_up_one(
                values[0],
                base,
                first_node,
                column,
                threshold,
                masks,
                start,
                first_row,
                target,
                rows,
                sums[0],
            )
            out[row, :width] = sums[0, :width]
    else:
        for first in range(0, n, _BLOCK_ROWS):
            size = min(_BLOCK_ROWS, n - first)
            values = np.empty((2 * width, -(-size // _VECTOR) * _VECTOR), dtype=np.float32)
            _widen(X[first : first + size], values)
            _look_up_many(
                values,
                base,
                first_node,
                column,
                threshold,
                masks,
                start,
                first_row,
                target,
                rows,
                sums,
                margins[first : first + size],
            )
            out[first : first + size, :width] = sums[:size, :width]
    out[:, width] = bias


@njit(cache=True, nogil=True, error_model="numpy")
def _widen(X, values):
    """Every feature twice, [2 F, n]: first with missing values above all thresholds, then below all."""
    n, width = X.shape
    for row in range(n):
        for feature in range(width):
            value = X[row, feature]
            missing = math.isnan(value)
            values[feature, row] = np.inf if missing else value
            values[width + feature, row] = -np.inf if missing else value


@njit(cache=True, nogil=True, error_model="numpy")
def _look_up_one(values, base, first_node, column, threshold, masks, start, first_row, target, rows, sums):
    """Computes all keys, then reads the rows, so that the processor fetches many table rows at a time."""
    places = np.empty(first_row.size, dtype=np.uint64)
    for word in range(start.size):
        keys = start[word]
        for node in range(first_node[word], first_node[word + 1]):
            keys &= masks[node, np.uint64(values[column[node]] < threshold[node])]
        for lane in range(word * LANES, (word + 1) * LANES):
            places[lane] = first_row[lane] + (keys & _LANE)
            keys >>= _SHIFT
    sums[:] = 0.0
    margin = base
    for table in range(places.size):
        place = places[table]
        for cell in range(VALUES):
            sums[target[table, cell]] += rows[place, cell]
        margin += rows[place, VALUES]
    return margin


@njit(cache=True, nogil=True, error_model="numpy")
def _look_up_many(
    values, base, first_node, column, threshold, masks, start, first_row, target, rows, sums, margins
):
    """Loops over tables, then rows: a table stays in the cache, and comparisons become vectors.

    `values` may have more columns than there are rows; they are compared, but not used.
    """
    n = margins.size
    padded = values.shape[1]
    keys = np.empty(padded, dtype=np.uint64)
    sums[:] = 0.0
    margins[:] = base
    for word in range(start.size):
        keys[:] = start[word]
        for node in range(first_node[word], first_node[word + 1]):
            asked = values[column[node]]
            limit = threshold[node]
            right, left = masks[node, 0], masks[node, 1]
            for row in range(padded):
                keys[row] &= left if asked[row] < limit else right
        for lane in range(word * LANES, (word + 1) * LANES):
            first = first_row[lane]
            for row in range(n):
                place = first + (keys[row] & _LANE)
                keys[row] >>= _SHIFT
                for cell in range(VALUES):
                    sums[row, target[lane, cell]] += rows[place, cell]
                margins[row] += rows[place, VALUES]
