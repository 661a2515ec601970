"""Embeddings: two entities as points in one space, by a truncated SVD of their co-occurrence counts.

The matrix has a row for each first entity (a customer) and a column for each second (a merchant). A count n
enters as log(1 + n) times log(1 + customers / customers of the merchant): repeated visits and popular
merchants say less. Rows are normalized to length 1, so that active customers do not dominate.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator, eigsh

from scoring.batch.compute.blas_threads import one_blas_thread
from scoring.batch.compute.eigenvectors import leading_eigenvectors
from scoring.batch.compute.grouping import Owners, Pairs
from scoring.batch.views import BatchTableSpec, BatchView, Computation, Matrix, Places, ViewEvents, ranked
from scoring.catalog.fields import Entity
from scoring.declare import InRole, part_of_vocabulary
from scoring.declare.spelling import span_text

part_of_vocabulary(__name__)

MAX_DIMENSIONS = 64
_DENSE = 768  # columns of a matrix whose square is decomposed faster whole than by Lanczos steps
_SEED = 1  # of where ARPACK begins
# Vectors it keeps, for each dimension wanted: twice its default takes half the time on matrices of behavior,
# where many directions matter about equally.
_KEPT_A_DIMENSION = 4


class Embedding(BatchView):
    """`affinity`: how strongly the leading `dimensions` associate this pair, even if it never met.

    It is the pair's cell in the best low-rank approximation of the matrix (Eckart and Young, 1936): about 0
    for unrelated entities, up to 1. Missing for an entity without events in the window.
    """

    kind = "embedding"
    values = ("affinity",)

    def __init__(
        self,
        first: Entity | InRole,
        second: Entity | InRole,
        *,
        over: str,
        every: str,
        stale_after: str,
        dimensions: int = 16,
        of: str = "",
    ) -> None:
        super().__init__(first, second, over=over, every=every, stale_after=stale_after, of=of)
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise self.origin.error(f"an Embedding has 1 to {MAX_DIMENSIONS} dimensions, not {dimensions}")
        self.dimensions = dimensions

    @property
    def tables(self) -> tuple[BatchTableSpec, ...]:
        columns = tuple(f"d{number:02d}" for number in range(self.dimensions))
        return tuple(BatchTableSpec(entity.name, columns) for entity in self.entities)

    @property
    def definition(self) -> dict[str, Any]:
        return super().definition | {"dimensions": self.dimensions}

    def unit(self, value: str) -> str:
        return "number"

    def phrase(self, value: str, *, events: str) -> str:
        first, second = (entity.name.replace("_", " ") for entity in self.entities)
        return f"the {value} of this {first} to this {second} by {span_text(self.over.label)} of behavior"

    def prepare(self, events: ViewEvents) -> Computation:
        return _Embeddings(self, events)

    def combine(self, rows: Sequence[Matrix]) -> Matrix:
        first, second = rows
        affinity = first[:, 0] * second[:, 0]
        for column in range(1, self.dimensions):  # not a matrix product: its order depends on how many rows
            affinity += first[:, column] * second[:, column]
        return affinity[:, np.newaxis]


class _Embeddings(Computation):
    def __init__(self, view: Embedding, events: ViewEvents) -> None:
        first, second = (ranked(events.names[name]) for name in view.names_of_entities)
        super().__init__([first[0], second[0]], [view.dimensions] * 2)
        self._view, self._events = view, events
        self._pairs = Pairs(Owners(first[1], len(first[0])), second[1])

    def at(self, as_of_us: int) -> tuple[Matrix, ...]:
        counts = self._pairs.tally(self._events.slice_of(as_of_us - self._view.over_us, as_of_us))
        met = np.flatnonzero(counts)
        # Only who is there: what else was read must not change the numbers.
        first, rows = np.unique(self._pairs.owners[met], return_inverse=True)
        second, columns = np.unique(self._pairs.values[met], return_inverse=True)
        vectors = embed(rows, columns, counts[met], dimensions=self._view.dimensions)
        return (_spread(vectors[0], first, len(self.keys[0])), _spread(vectors[1], second, len(self.keys[1])))


def embed(rows: Places, columns: Places, counts: Matrix, *, dimensions: int) -> tuple[Matrix, Matrix]:
    """(float64[rows, dimensions], float64[columns, dimensions]) whose products approximate the matrix.

    `rows`, `columns` int64[n] and `counts` float64[n] are the co-occurrence counts; every row and column
    occurs. Dimensions beyond the rank are 0. The largest component of each dimension is positive.
    """
    matrix = weigh(rows, columns, counts)
    if min(matrix.shape, default=0) == 0:
        return np.empty((0, dimensions)), np.empty((0, dimensions))
    with one_blas_thread():
        left, sizes, right = _decompose(matrix, dimensions)
    order = np.argsort(-sizes, kind="stable")
    left, sizes, right = left[:, order], sizes[order], right[order]
    signs = np.sign(right[np.arange(len(order)), np.abs(right).argmax(axis=1)])
    scale = np.sqrt(sizes) * signs
    return _padded(left * scale, dimensions), _padded(right.T * scale, dimensions)


def weigh(rows: Places, columns: Places, counts: Matrix) -> csr_array:
    """The matrix that is decomposed, see above."""
    shape = (int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1)
    customers = np.bincount(columns, minlength=shape[1])
    weights = np.log1p(counts) * np.log1p(shape[0] / customers[columns])
    lengths = np.sqrt(np.bincount(rows, weights=weights * weights, minlength=shape[0]))
    return csr_array((weights / lengths[rows], (rows, columns)), shape=shape)


def _decompose(matrix: csr_array, dimensions: int) -> tuple[Matrix, Matrix, Matrix]:
    """Its leading singular vectors (rows, k), values (k) and vectors (k, columns)."""
    if matrix.shape[0] < matrix.shape[1]:
        right, sizes, left = _decompose(matrix.T.tocsr(), dimensions)
        return left.T, sizes, right.T
    span, _ = np.linalg.qr(_leading_directions(matrix, min(dimensions, matrix.shape[1])))
    left, sizes, turned = np.linalg.svd(matrix @ span, full_matrices=False)
    return left, sizes, turned @ span.T


def _leading_directions(matrix: csr_array, wanted: int) -> Matrix:
    """float64[columns, wanted]: the eigenvectors of the matrix's square, as `scipy.sparse.linalg.svds` does.

    That one lets ARPACK draw from a generator which goes on from call to call where it has to begin anew.
    """
    # Web processes declare views and compute none, so they need not load Numba.
    from scoring.batch.compute.sparse_kernel import lower_square, times_square  # noqa: PLC0415

    columns = matrix.shape[1]
    # Unsigned: the compiled loops need not look for negative indices, which count from the end.
    rows = (matrix.indptr.astype(np.uint32), matrix.indices.astype(np.uint32), matrix.data)
    if columns <= _DENSE:
        return leading_eigenvectors(lower_square(*rows, columns), wanted)
    squared = LinearOperator((columns, columns), matvec=lambda x: times_square(*rows, x), dtype=np.float64)
    random = np.random.default_rng(_SEED)
    vectors: Matrix = eigsh(squared, k=wanted, ncv=_KEPT_A_DIMENSION * wanted, rng=random)[1]
    return vectors


def _padded(vectors: Matrix, dimensions: int) -> Matrix:
    return np.pad(vectors, ((0, 0), (0, dimensions - vectors.shape[1])))


def _spread(vectors: Matrix, places: Places, count: int) -> Matrix:
    """The vectors at their places among `count`; NaN elsewhere."""
    spread = np.full((count, vectors.shape[1]), np.nan)
    spread[places] = vectors
    return spread
