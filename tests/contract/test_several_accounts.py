"""Events that name several accounts: live, history, threads and replay equal the reference, bit for bit."""

import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from scoring.features.compile.plan import compile_lane
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import ROWS_PER_SLICE, fold
from scoring.features.folding.parallel import Assembly, ParallelFold, cut_pieces, fold_piece
from scoring.features.folding.split import keys_read, split_plan, with_columns, without_reads
from scoring.offline.cluster import _of_part
from scoring.replay.consistency.sample import known_columns, take_sample
from tests.contract.accounts import MEMBERS, VOCABULARIES, account_lanes
from tests.contract.lanes import Lane
from tests.contract.runs import Runs, cut

PLAN = compile_lane("accounts", MEMBERS, VOCABULARIES)
ACCOUNTS = Runs(PLAN, MEMBERS, VOCABULARIES)
thorough = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(account_lanes())
def test_live_equals_the_reference(lane: Lane) -> None:
    ACCOUNTS.check_live(lane)


@thorough
@given(account_lanes())
def test_history_columns_and_replay_are_what_happened_live(lane: Lane) -> None:
    rows, stored, _ = ACCOUNTS.live(lane)
    assert ACCOUNTS.history(lane, [encode(PLAN, lane.items)]) == (rows, stored)
    assert ACCOUNTS.history(lane, [encode(PLAN, part) for part in cut(lane)]) == (rows, stored)
    assert ACCOUNTS.history(lane, [ACCOUNTS.columns(lane)]) == (rows, stored)
    assert ACCOUNTS.replay(lane) == (rows, stored)


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@settings(deadline=None)
@given(lane=account_lanes(max_size=60), rows=st.sampled_from([1, 3, 1_000]))
def test_threads_give_the_bytes_of_one(pool, lane: Lane, rows: int) -> None:
    alone, together = Arena(PLAN), Arena(PLAN)
    for part in cut(lane):
        batch = encode(PLAN, part)
        expected = fold(PLAN, batch, alone)
        folding = ParallelFold(PLAN, batch, together, pool=pool, rows=rows)
        folding.wait()
        assert together.blobs() == alone.blobs()
        assert together.saturated_reads.tolist() == alone.saturated_reads.tolist()
        for piece, output in folding.rows():
            assert output.tobytes() == expected[piece].tobytes()


@settings(deadline=None)
@given(lane=account_lanes(max_size=60), parts=st.integers(1, 3))
def test_accounts_shared_out_among_workers_give_the_bytes_of_one(lane: Lane, parts: int) -> None:
    """As the tasks of a cluster do it: each folds some of the entities of one kind."""
    batch, split = encode(PLAN, lane.items), split_plan(PLAN)
    alone, assembly, states = Arena(PLAN), Assembly(split, batch), {}
    expected = fold(PLAN, batch, alone)
    for kind in split.kinds:
        for part in range(parts):
            arena, keys = Arena(PLAN), [*batch.keys]
            for column in kind.columns:
                keys[column] = _of_part(keys[column], part, parts)
            own = replace(batch, keys=keys)
            starts = arena.starts(own)
            for piece in cut_pieces(kind, own, starts, max_rows=ROWS_PER_SLICE):
                assembly.put(kind, piece.rows, fold_piece(kind, own, arena, piece=piece, starts=starts)[0])
            states |= {key: state for key, state in arena.blobs().items() if key.startswith(f"{kind.kind}:")}
    assert assembly.compute(slice(0, batch.n)).tobytes() == expected.tobytes()
    assert states == alone.blobs()


@settings(deadline=None)
@given(lane=account_lanes(max_size=60), chosen=st.lists(st.integers(0, 40), max_size=6))
def test_some_columns_or_none_leave_the_same_states(lane: Lane, chosen: list[int]) -> None:
    batch, alone = encode(PLAN, lane.items), Arena(PLAN)
    is_move = batch.program == PLAN.encodings["move"].program
    expected = np.where(is_move[:, None], fold(PLAN, batch, alone)[:, chosen], np.nan)
    for plan, wanted in (
        (with_columns(PLAN, "move", chosen), expected),
        (without_reads(PLAN), expected[:, :0]),
    ):
        arena = Arena(PLAN)
        assert fold(plan, batch, arena).tobytes() == wanted.tobytes()
        assert arena.blobs() == alone.blobs()


@settings(deadline=None)
@given(lane=account_lanes(max_size=60), share=st.sampled_from([0.3, 0.6, 0.9]))
def test_a_sample_of_accounts_tells_what_the_whole_lane_says(lane: Lane, share: float) -> None:
    batch, alone, some = encode(PLAN, lane.items), Arena(PLAN), Arena(PLAN)
    whole, sample = fold(PLAN, batch, alone), take_sample(PLAN, batch, share=share)
    sampled = fold(PLAN, sample.batch, some)
    for row, at in enumerate(sample.rows.tolist()):
        item = lane.items[at]
        if item.kind == "event" and item.type in PLAN.sets:
            features = PLAN.feature_set(item.type)
            (told,) = known_columns(sample.known[[row]], keys_read(PLAN, item.type))
            columns = features.columns[told[features.columns]]
            assert sampled[row, columns].tobytes() == whole[at, columns].tobytes()
    assert some.blobs().items() <= alone.blobs().items()


# --- the random lanes cover the special cases of several accounts ---


def _values(lane: Lane, name: str) -> list[float]:
    at = PLAN.feature_set("move").names.index(name)
    rows, _ = ACCOUNTS.reference(lane)
    return [
        struct.unpack_from("<d", row, 8 * at)[0]
        for item, row in zip(lane.items, rows, strict=True)
        if row and item.type == "move"
    ]


def _moves(lane: Lane, kind: str) -> list[dict]:
    return [item.fields for item in lane.items if (item.kind, item.type) == (kind, "move")]


def _to_oneself(lane: Lane, kind: str) -> bool:
    return any(fields["sender"] == fields["receiver"] for fields in _moves(lane, kind))


def _matters(lane: Lane, kind: str, name: str) -> bool:
    without = Lane(tuple(item for item in lane.items if item.kind != kind), ())
    return _values(lane, name) != _values(without, name)


CASES: dict[str, Callable[[Lane], bool]] = {
    "a transfer to oneself": lambda lane: _to_oneself(lane, "event"),
    "a transfer to oneself by one's own broker": lambda lane: any(
        fields["sender"] == fields["receiver"] == fields.get("broker") for fields in _moves(lane, "event")
    ),
    "an undone transfer to oneself": lambda lane: _to_oneself(lane, "undo"),
    "a labeled transfer to oneself": lambda lane: _to_oneself(lane, "label"),
    "an account that sends what it received": lambda lane: (
        max(_values(lane, "sender_as_receiver_count_1h")) > 1
    ),
    "money that comes back": lambda lane: any(
        value > 0 for value in _values(lane, "sender_x_receiver_as_receiver_and_sender_count_1h")
    ),
    "an undone transfer, seen by its receiver": lambda lane: _matters(
        lane, "undo", "sender_as_receiver_amount_sum_24h"
    ),
    "a label, seen by the receiver": lambda lane: _matters(lane, "label", "receiver_fraud_share_1h_after_2m"),
    "what a full map dropped": lambda lane: bool(ACCOUNTS.reference(lane)[1].saturated),
    "a transfer too late": lambda lane: any(
        history.too_late for history in ACCOUNTS.reference(lane)[1].histories.by_key.values()
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_random_lanes_reach(case: str) -> None:
    unshrunk = settings(max_examples=2000, deadline=None, database=None, phases=(Phase.generate,))

    def reaches(lane: Lane) -> bool:
        return bool(_moves(lane, "event")) and CASES[case](lane)

    find(account_lanes(), reaches, settings=unshrunk)
