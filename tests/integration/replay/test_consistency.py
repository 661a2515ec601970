"""The continuous check finds what differs, counts nothing twice, and folds only what is new."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum

from monitoring.overview.attention import notices
from monitoring.overview.facts import read_facts
from scoring.decisions.models import Decision
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.lanes.order import read_head
from scoring.log.read import read_stream
from scoring.replay.consistency import checking
from scoring.replay.consistency.checking import check_lane
from scoring.replay.consistency.mismatches import Mismatch, read_mismatches
from scoring.replay.models import FeatureConsistency, LaneCheckpoint, SampledState
from scoring.replay.tasks import check_consistency
from scoring.states.reorder import reorder_lane
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE, online_states
from tests.integration.lanes.test_arms import champion, route
from tests.integration.lanes.test_history import add_history
from tests.integration.replay.traffic import Traffic, rewrite

pytestmark = pytest.mark.django_db(transaction=True)


def check(share: float = 1.0) -> int:
    return check_lane(LANE, now=datetime.now(UTC), share=share)


def totals() -> dict[str, tuple[int, int]]:
    rows = FeatureConsistency.objects.values("feature").annotate(Sum("compared"), Sum("mismatched"))
    return {row["feature"]: (row["compared__sum"], row["mismatched__sum"]) for row in rows}


def stored_states() -> dict[str, bytes]:
    return {key: bytes(state) for key, state in SampledState.objects.values_list("key", "state")}


def test_all_of_a_lane_is_compared_as_it_moves_along(models, send, work):
    traffic = Traffic(send, work, seed=3)
    compared = check()
    traffic.go(20)
    compared += check()
    route(champion(models[0]))
    traffic.go(30)
    compared += check()
    assert check() == 0
    assert compared == Decision.objects.count() == 50
    assert set(totals()) == set(lane_plan(LANE).feature_set("payment").names)
    assert set(totals().values()) == {(50, 0)}
    assert stored_states() == online_states()
    checkpoint = LaneCheckpoint.objects.get()
    assert (checkpoint.seq, checkpoint.position) == (read_head(LANE).seq, read_head(LANE).position)
    assert read_mismatches(since=datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_some_entities_tell_of_every_feature(send, work, settings):
    settings.VAULT_KEY = "a key that draws some of the seven addresses"
    traffic = Traffic(send, work, seed=4)
    for _ in range(3):
        traffic.go(40)
        check(share=0.5)
    assert {mismatched for _, mismatched in totals().values()} == {0}
    compared = {name: count for name, (count, _) in totals().items()}
    assert set(compared) == set(lane_plan(LANE).feature_set("payment").names)
    assert 0 < min(compared.values()) < max(compared.values()) <= 120
    assert stored_states().items() < online_states().items()


def test_a_wrong_value_is_named_with_how_often(send, work):
    send(payments(6))
    work()
    names = lane_plan(LANE).feature_set("payment").names
    for number in (2, 4):
        entry = read_stream(f"payment/shop/T-{number}")[1]
        vector = unpack_vectors(entry.packed, width=len(names))[0].copy()
        vector[names.index("merchant_count_1h")] += 1
        rewrite(entry, packed=vector.tobytes())
    assert check() == 6
    hour_ago = datetime.now(UTC) - timedelta(hours=2)
    assert read_mismatches(since=hour_ago) == [Mismatch("payment", "merchant_count_1h", 6, 2)]
    assert read_mismatches(since=datetime.now(UTC)) == []
    auditor = User(username="auditor", is_superuser=True)
    told = [notice.what for notice in notices(read_facts(auditor, now=datetime.now(UTC)))]
    assert any(what.startswith("merchant_count_1h of payment differed when recomputed") for what in told)


def test_a_new_order_begins_the_check_anew(send, work, monkeypatch):
    monkeypatch.setattr("scoring.states.reorder.ITEMS_AN_ENTRY", 3)
    monkeypatch.setattr(checking, "ITEMS_A_STEP", 1)  # what a later step reads must be of this order too
    send(payments(10))
    work()
    check()
    reorder_lane(LANE, reason="for a test")
    send(payments(5, start=10))
    work()
    assert check() == 5
    assert set(totals().values()) == {(15, 0)}
    assert stored_states() == online_states()


def test_what_was_decided_in_an_order_that_holds_no_more_is_not_compared(send, work):
    send(payments(3, start=10))
    work()
    add_history(range(3))  # payments with the same cards, merchants and customers
    reorder_lane(LANE, reason="for a test")
    send(payments(2, start=20))
    work()
    assert check() == 2
    assert set(totals().values()) == {(2, 0)}


def test_another_share_begins_the_check_anew(send, work):
    send(payments(10))
    work()
    check(share=0.3)
    assert stored_states() != online_states()
    check(share=1.0)
    assert stored_states() == online_states()


def test_two_checks_at_once_count_once(send, work, monkeypatch):
    send(payments(10))
    work()
    fold, quicker = checking.fold, []

    def fold_after_another(*args):
        if not quicker:
            quicker.append(0)
            quicker[0] = check()
        return fold(*args)

    monkeypatch.setattr(checking, "fold", fold_after_another)
    assert check() == 0
    assert quicker == [10]
    assert set(totals().values()) == {(10, 0)}
    send(payments(5, start=10))
    work()
    quicker.clear()
    check()
    assert set(totals().values()) == {(15, 0)}
    assert stored_states() == online_states()


def test_a_run_and_a_step_are_bounded(send, work, monkeypatch):
    monkeypatch.setattr(checking, "ITEMS_A_STEP", 1)  # a step is whole `lane.sequenced` entries
    monkeypatch.setattr(checking, "STEPS_A_RUN", 2)
    monkeypatch.setattr(checking, "MAX_DECISIONS", 3)
    for start in range(0, 20, 5):
        send(payments(5, start=start))
        work()
    runs = []
    while LaneCheckpoint.objects.filter(seq=20).count() == 0:
        runs.append(check())
    assert len(runs) >= 2
    assert max(runs) <= 6
    assert stored_states() == online_states()


def test_the_task_checks_every_lane_and_drops_old_counts(send, work):
    old = datetime.now(UTC) - timedelta(days=91)
    FeatureConsistency.objects.create(
        event_type="payment", hour=old, feature="amount", compared=1, mismatched=0
    )
    send(payments(4))
    work()
    assert LANE in check_consistency()
    assert LaneCheckpoint.objects.get(lane=LANE).seq == 4
    assert not FeatureConsistency.objects.filter(hour=old).exists()
