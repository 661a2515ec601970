"""What bounded states lose is counted by entity and by feature, once the batch is written."""

import numpy as np

from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.runner.state_losses import state_losses
from scoring.signals.telemetry import Series
from tests.unit.features.test_kernel_rules import PLAN, again, visit


def losses_of(*items: LaneItem) -> dict[Series, int]:
    batch = encode(PLAN, items)
    arena = Arena.for_batch(PLAN, batch)
    before = arena.too_late()
    fold(PLAN, batch, arena)
    return dict(state_losses(PLAN, arena, late_before=before))


def test_entries_too_late_for_every_window_are_counted_by_entity() -> None:
    unseen = visit(1, 0)
    assert losses_of(again("label", unseen, 2, delta=1)) == {("too_late", "shop", "card"): 1}


def test_distinct_counts_beyond_their_cap_are_counted_by_feature() -> None:
    shown = [visit(seq, 0, shop) for seq, shop in enumerate(("s1", "s2", "s3"), start=1)]
    assert losses_of(*shown, visit(9, 1, "s1")) == {("saturated", "visit", "card_distinct_shop_1m"): 1}


def test_a_batch_without_losses_counts_nothing() -> None:
    assert losses_of(visit(1, 0), visit(2, 1)) == {}


def test_only_the_losses_of_the_batch_itself_count() -> None:
    batch = encode(PLAN, [again("label", visit(1, 0), 2, delta=1)])
    arena = Arena.for_batch(PLAN, batch)
    fold(PLAN, batch, arena)
    after = arena.too_late()
    assert after.sum() == 1
    assert state_losses(PLAN, arena, late_before=after) == {}
    assert after.dtype == np.int64
