"""Vectors as decisions carry them: found again where they were put."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import (
    describe_also,
    pack_vectors,
    restore_row,
    stack_vectors,
    unpack_also,
    unpack_vectors,
)

WIDTH = lane_plan("commerce").width
NEWEST = lane_plan("commerce").feature_set("payment")
OLDER = replace(
    NEWEST, hash="1" * 64, declared="2" * 64, names=NEWEST.names[:3], columns=NEWEST.columns[2::-1]
)
OLDEST = replace(OLDER, hash="3" * 64, declared="4" * 64, columns=NEWEST.columns[5:8])
PLAN: Any = SimpleNamespace(width=WIDTH, feature_sets=lambda name: (NEWEST, OLDER, OLDEST))
ROW = np.arange(WIDTH, dtype=np.float64)


def test_vectors_are_unpacked_as_they_were_packed() -> None:
    vectors = np.arange(6.0).reshape(2, 3)
    contributions = -np.arange(1.0, 9.0).reshape(2, 4)
    beside = ROW[OLDER.columns], ROW[OLDEST.columns]
    packed = [pack_vectors(*pair, *beside) for pair in zip(vectors, contributions, strict=True)]
    for row in (0, 1):
        vector, own = unpack_vectors(packed[row], width=3)
        assert (vector.tolist(), own.tolist()) == (vectors[row].tolist(), contributions[row].tolist())
    stacked = stack_vectors(packed, 3)
    assert (stacked[0].tolist(), stacked[1].tolist()) == (vectors.tolist(), contributions.tolist())
    also = unpack_also(describe_also([OLDER, OLDEST]), packed[0])
    assert {name: values.tolist() for name, values in also.items()} == {
        OLDER.declared: beside[0].tolist(),
        OLDEST.declared: beside[1].tolist(),
    }


def test_decisions_without_contributions_cannot_be_stacked() -> None:
    with pytest.raises(ValueError, match="reshape"):
        stack_vectors([pack_vectors(np.zeros(3), np.empty(0))], 3)


@pytest.mark.parametrize(
    ("own", "also", "held"),
    [
        (NEWEST, (), (NEWEST,)),
        (OLDER, (NEWEST, OLDEST), (NEWEST, OLDER, OLDEST)),
        (OLDER, (OLDEST,), (OLDER, OLDEST)),
        (replace(NEWEST, hash="of other code"), (OLDEST,), (OLDEST,)),
    ],
)
def test_a_row_is_restored_as_far_as_it_was_logged(
    own: Any, also: tuple[Any, ...], held: tuple[Any, ...]
) -> None:
    """What was not logged is missing rather than 0: a model would take that for a value."""
    entry: Any = SimpleNamespace(
        packed=pack_vectors(ROW[own.columns], np.empty(0), *(ROW[each.columns] for each in also)),
        data={"event_type": "payment", "feature_set": own.hash, **describe_also(also)},
    )
    row, found = restore_row(entry, PLAN)
    assert [each.hash for each in found] == [each.hash for each in held]
    logged = np.isin(np.arange(WIDTH), np.concatenate([each.columns for each in held]))
    np.testing.assert_array_equal(row, np.where(logged, ROW, np.nan))
