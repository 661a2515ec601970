"""Affinity against the decomposition that it is a shorthand for."""

import numpy as np
import pytest

from scoring.batch.compute import embedding
from scoring.batch.compute.embedding import Embedding, embed, weigh
from scoring.batch.compute.sparse_kernel import lower_square, times_square
from scoring.catalog.fields import Entity
from tests.factories.views import DAY, MONDAY, Order, OrderPlaced, values_of, view_events

AS_OF = MONDAY + 7 * DAY


@pytest.fixture(params=["whole", "by Lanczos steps"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrices of more than 256 columns are decomposed in each of the two ways."""
    if request.param != "whole":
        monkeypatch.setattr(embedding, "_DENSE", 256)


def some_counts(rows: int, columns: int, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random pairs in which every row and column occurs: row numbers, column numbers, counts."""
    random = np.random.default_rng(seed)
    counts = random.poisson(0.4, size=(rows, columns))
    counts[np.arange(rows), np.arange(rows) % columns] += 1
    counts[np.arange(columns) % rows, np.arange(columns)] += 1
    places = np.nonzero(counts)
    return places[0], places[1], counts[places].astype(np.float64)


def test_a_cell_is_weighed_as_the_page_says():
    """Two customers; one shop that both know, one that only the first does, three times."""
    matrix = weigh(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([1.0, 3.0, 2.0])).toarray()
    known_to_both, known_to_one = np.log(2), np.log(3)
    row = np.array([np.log(2) * known_to_both, np.log(4) * known_to_one])
    assert matrix[0] == pytest.approx(row / np.linalg.norm(row))
    assert matrix[1] == pytest.approx([1.0, 0.0])


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize(
    ("shape", "dimensions"), [((40, 30), 5), ((25, 60), 7), ((9, 4), 3), ((300, 270), 5), ((260, 310), 9)]
)
def test_affinities_are_the_best_approximation_of_the_matrix(shape, dimensions):
    rows, columns, counts = some_counts(*shape)
    left, right = embed(rows, columns, counts, dimensions=dimensions)
    u, sizes, v = np.linalg.svd(weigh(rows, columns, counts).toarray())
    best = (u[:, :dimensions] * sizes[:dimensions]) @ v[:dimensions]
    assert left @ right.T == pytest.approx(best, abs=1e-9)


def test_the_compiled_product_has_the_bits_of_two_products_by_scipy():
    matrix = weigh(*some_counts(300, 270))
    x = np.random.default_rng(2).normal(size=270)
    rows = (matrix.indptr.astype(np.uint32), matrix.indices.astype(np.uint32), matrix.data)
    assert times_square(*rows, x).tobytes() == (matrix.T @ (matrix @ x)).tobytes()


def test_the_compiled_square_is_the_lower_half_of_scipys():
    matrix = weigh(*some_counts(300, 270))
    rows = (matrix.indptr.astype(np.uint32), matrix.indices.astype(np.uint32), matrix.data)
    assert lower_square(*rows, 270) == pytest.approx(np.tril((matrix.T @ matrix).toarray()), abs=1e-12)


def test_dimensions_that_a_small_matrix_lacks_are_nought():
    rows, columns, counts = some_counts(2, 3)
    left, right = embed(rows, columns, counts, dimensions=5)
    assert (left.shape, right.shape) == ((2, 5), (3, 5))
    assert not left[:, 2:].any()
    assert left @ right.T == pytest.approx(weigh(rows, columns, counts).toarray())


EVERYONE = np.arange(300)
COUNTS = {
    "as people buy": some_counts(350, 300),
    "everybody in a shop of their own": (EVERYONE, EVERYONE, np.ones(300)),
    "everybody everywhere": (*np.divmod(np.arange(300 * 290), 290), np.ones(300 * 290)),
}


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize("case", COUNTS)
def test_the_same_counts_give_the_same_bits(case):
    """Also where directions matter exactly alike, and ARPACK has to begin anew on the way."""
    first, again = (embed(*COUNTS[case], dimensions=6) for _ in range(2))
    for once, twice in zip(first, again, strict=True):
        assert once.tobytes() == twice.tobytes()


def test_the_largest_part_of_each_dimension_is_positive():
    _, right = embed(*some_counts(30, 20), dimensions=4)
    assert (right[np.abs(right).argmax(axis=0), np.arange(4)] > 0).all()


def test_one_pair_has_the_bits_that_many_have():
    random = np.random.default_rng(0)
    view = Embedding(Entity(), Entity(), over="7d", every="1d", stale_after="7d", dimensions=16)
    tables = [random.standard_normal((1_000, 16)) for _ in range(2)]
    together = view.combine(tables)
    alone = np.concatenate([view.combine([table[[row]] for table in tables]) for row in range(1_000)])
    assert together.tobytes() == alone.tobytes()


def test_who_is_not_known_has_no_affinity():
    orders = [OrderPlaced(MONDAY + n, customer=f"c{n % 4}", merchant=f"m{n % 3}") for n in range(12)]
    events = view_events([*orders, OrderPlaced(MONDAY, customer="dee", merchant=None)])

    def affinity(customer: str, merchant: str) -> float:
        pair = {"customer": customer, "merchant": merchant}
        return values_of(Order.taste, events, pair, as_of_us=AS_OF)["affinity"]

    assert affinity("c1", "m1") > 0
    assert np.isnan([affinity("new", "m1"), affinity("c1", "new"), affinity("dee", "m1")]).all()


def test_without_entities_tables_are_empty():
    tables = Order.taste.compute(view_events([]), as_of_us=AS_OF)
    assert [table.matrix.shape for table in tables] == [(0, 3), (0, 3)]
