"""A few entities of a lane have the states and values that they have among all of them."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring.features.compile.plan import compile_lane
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.features.folding.split import keys_read
from scoring.replay.consistency.sample import known_columns, take_sample
from tests.contract.lanes import MEMBERS, START, VOCABULARIES, Lane, lanes

PLAN = compile_lane("bank", MEMBERS, VOCABULARIES)
SCORED = {encoding.program: name for name, encoding in PLAN.encodings.items() if name in PLAN.sets}

ITEMS = [
    LaneItem(1, "event", "login", START, {"account": "a1", "terminal": "t1", "channel": "web"}),
    LaneItem(2, "event", "transfer", START, {"account": "a1", "payee": "p1", "amount": {"minor": 5}}),
    LaneItem(3, "event", "transfer", START, {"account": "a2", "payee": "p1", "amount": {"minor": 7}}),
    LaneItem(4, "label", "transfer", START, {"account": "a1", "payee": "p1"}, positive_delta=1),
    LaneItem(5, "event", "login", START + 1, {"account": "a2", "terminal": "t1"}),
]


@given(lanes(), st.sampled_from([0.2, 0.5, 0.8]))
def test_values_from_a_sample_equal_those_of_the_whole_lane(lane: Lane, share: float):
    whole_arena, sampled_arena = Arena(PLAN), Arena(PLAN)
    bounds = [0, *lane.cuts, len(lane.items)]
    for start, stop in pairwise(bounds):
        batch = encode(PLAN, lane.items[start:stop])
        whole = fold(PLAN, batch, whole_arena)
        sample = take_sample(PLAN, batch, share=share)
        sampled = fold(PLAN, sample.batch, sampled_arena)
        for row, item in enumerate(sample.rows.tolist()):
            event_type = SCORED.get(int(batch.program[item]))
            if event_type is None:
                continue
            (told,) = known_columns(sample.known[[row]], keys_read(PLAN, event_type))
            features = PLAN.feature_set(event_type)
            columns = features.columns[told[features.columns]]
            assert sampled[row, columns].tobytes() == whole[item, columns].tobytes()
    states = whole_arena.blobs()
    assert sampled_arena.blobs().items() <= states.items()


def test_a_share_of_one_is_the_whole_lane():
    batch = encode(PLAN, ITEMS)
    sample = take_sample(PLAN, batch, share=1.0)
    assert sample.rows.tolist() == list(range(len(ITEMS)))
    assert sample.known.all()
    assert fold(PLAN, sample.batch, Arena(PLAN)).tobytes() == fold(PLAN, batch, Arena(PLAN)).tobytes()


def test_a_share_of_nothing_takes_nothing():
    sample = take_sample(PLAN, encode(PLAN, ITEMS), share=0.0)
    assert len(sample.rows) == sample.batch.n == 0
    assert sample.batch.state_keys() == []


def test_a_feature_is_checked_only_if_all_its_entities_are_sampled():
    read, features = keys_read(PLAN, "login"), PLAN.feature_set("login")
    kinds = {kind.name: kind.index for kind in PLAN.entity_kinds}
    known = np.zeros((1, len(kinds)), dtype=bool)
    known[0, kinds["account"]] = True
    (columns,) = known_columns(known, read)
    told = dict(zip(features.names, columns[features.columns].tolist(), strict=True))
    assert told["channel"]
    assert told["account_count_1h"]
    assert not told["terminal_since_last"]
