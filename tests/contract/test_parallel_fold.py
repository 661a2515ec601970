"""Folding in threads and by kind gives the same vectors, states and counters as one thread, to the bit."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.features.compile.plan import compile_lane, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.features.folding.parallel import ParallelFold, cut_by_entity, fold_history
from scoring.features.folding.split import split_plan, with_columns, without_reads
from tests.contract.lanes import MEMBERS, VOCABULARIES, Lane, lanes

PLAN = compile_lane("bank", MEMBERS, VOCABULARIES)


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def batches_of(lane: Lane):
    cuts = [0, *lane.cuts, len(lane.items)]
    return [encode(PLAN, lane.items[start:end]) for start, end in pairwise(cuts)]


@given(lane=lanes(max_size=60), rows=st.sampled_from([1, 3, 1_000]))
def test_threads_give_the_bytes_of_one(pool, lane, rows):
    alone, together = Arena(PLAN), Arena(PLAN)
    for batch in batches_of(lane):
        expected = fold(PLAN, batch, alone)
        folding = ParallelFold(PLAN, batch, together, pool=pool, rows=rows)
        folding.wait()
        assert together.blobs() == alone.blobs()
        assert together.saturated_reads.tolist() == alone.saturated_reads.tolist()
        for part, output in folding.rows():
            assert output.tobytes() == expected[part].tobytes()


@given(lane=lanes(max_size=60), threads=st.sampled_from([1, 2]))
def test_a_history_folded_in_threads_equals_that_of_one_thread(lane, threads):
    alone, together = Arena(PLAN), Arena(PLAN)
    expected = [fold(PLAN, batch, alone).tobytes() for batch in batches_of(lane)]
    numbered = enumerate(batches_of(lane))
    found = [
        (number, b"".join(output.tobytes() for _, output in rows))
        for number, rows in fold_history(PLAN, numbered, together, threads=threads)
    ]
    assert found == list(enumerate(expected))
    assert together.blobs() == alone.blobs()


@given(lane=lanes(max_size=60))
def test_states_are_the_same_when_nothing_is_computed(lane):
    alone, silent = Arena(PLAN), Arena(PLAN)
    plan = without_reads(PLAN)
    for batch in batches_of(lane):
        fold(PLAN, batch, alone)
        assert fold(plan, batch, silent).shape == (batch.n, 0)
    assert silent.blobs() == alone.blobs()


@given(lane=lanes(max_size=60), chosen=st.lists(st.integers(0, 40), max_size=6))
def test_a_plan_with_some_columns_has_the_same_values(lane, chosen):
    alone, some = Arena(PLAN), Arena(PLAN)
    plan = with_columns(PLAN, "transfer", chosen)
    for batch in batches_of(lane):
        is_transfer = batch.program == PLAN.encodings["transfer"].program
        expected = np.where(is_transfer[:, None], fold(PLAN, batch, alone)[:, chosen], np.nan)
        assert fold(plan, batch, some).tobytes() == expected.tobytes()
    assert some.blobs() == alone.blobs()


@pytest.mark.parametrize("plan", [PLAN, lane_plan("commerce")], ids=["bank", "commerce"])
def test_no_kind_reads_another_kinds_states(plan):
    """Each part touches only its own kind, so parts may run in parallel; the rest touches none."""
    split = split_plan(plan)
    for part in split.kinds:
        assert touched_by(part.plan) == {part.kind}
    assert touched_by(split.rest) == set()


def touched_by(plan):
    return {kind for encoding in plan.encodings.values() for keys in encoding.keys for kind, _ in keys}


def test_pieces_share_no_entity_and_keep_its_order():
    codes = np.array([2, 0, -1, 2, 1, 1, 2, -1, 0])
    pieces = [piece.tolist() for piece in cut_by_entity(codes, max_rows=3)]
    assert pieces == [[1, 8, 4, 5], [0, 3, 6]]
    assert list(cut_by_entity(np.array([-1, -1]), max_rows=3)) == []
