"""Corrected and retracted events: what the lane undoes, applies and decides again."""

from datetime import UTC, datetime, timedelta

import pytest

from scoring.decisions.models import Decision
from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.fold import fold
from scoring.intake.amending.corrections import AmendmentReceipt, correct_event, retract_event
from scoring.intake.answers import answer_for
from scoring.intake.errors import EventAlreadyRetracted, EventStillHistory, EventVersionConflict
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Amendment, Event
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.lanes.rebuild_queue import rebuild_pending
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.offline.export import export_log
from scoring.offline.lane import iter_lane_batches
from scoring.offline.store import OfflineStore
from scoring.replay.consistency.checking import check_lane
from scoring.replay.consistency.mismatches import read_mismatches
from scoring.replay.service import replay
from scoring.states.history import sequence_history
from scoring.states.reorder import reorder_lane
from tests.factories.lane_items import iter_lane_items
from tests.factories.payments import MARCH, payment_payload, payments, submission
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.integration.lanes.test_history import add_history
from tests.integration.lanes.test_rebuild_online import Watching

pytestmark = pytest.mark.django_db(transaction=True)


def correct(
    number: int, *, version: int | None = None, wait: float | None = None, **changes
) -> AmendmentReceipt:
    return correct_event(
        submission(payment_payload(number, **changes)),
        source="shop",
        reason="the till was wrong",
        version=version,
        wait=wait,
        now=datetime.now(UTC),
        actor="test",
    )


def retract(number: int, reason: str = "a test of the till") -> AmendmentReceipt:
    return retract_event(f"payment/shop/T-{number}", reason=reason, now=datetime.now(UTC), actor="test")


def say(number: int, value: str | None) -> None:
    statement = LabelStatement("payment", f"T-{number}", value, "chargeback")
    record_labels([statement], source="shop", now=datetime.now(UTC))


def items() -> list[tuple[str, str, int]]:
    """The folded items in order: kind, merchant, change of its positives."""
    return [
        (item.kind, item.fields["merchant"], item.positive_delta)
        for chunk in iter_lane_items(LANE)
        for item in chunk.items
    ]


def test_a_correction_undoes_the_event_applies_the_new_version_and_decides_it_again(send, work):
    send(payments(6))
    work()
    assert correct(2, amount="99.00").status == "recorded"
    work()
    answer = answer_for("payment/shop/T-2")
    assert (answer["status"], answer["version"], answer["fields"]["amount"]) == ("decided", 2, "99.00")
    [revision] = answer["revisions"]
    assert (revision["revision"], revision["basis"], revision["cause"]) == (1, "no_model", "corrected")
    assert [kind for kind, _, _ in items()[6:]] == ["undo", "event"]
    assert not Pending.objects.exists()
    assert online_states() == rebuilt_states()


def test_corrections_and_other_events_share_a_batch(send, work, caplog):
    send(payments(3))
    work()
    correct(2, amount="99.00")
    send(payments(2, start=3))
    work()
    assert [kind for kind, _, _ in items()[3:]] == ["undo", "event", "event", "event"]
    assert "taken singly" not in caplog.text
    assert online_states() == rebuilt_states()


def test_labels_move_with_the_event_from_the_old_version_to_the_new_one(send, work):
    send(payments(6))
    say(2, "fraud")
    work()
    correct(2, merchant="merchant-x")
    work()
    say(2, "legitimate")
    work()
    assert items()[7:] == [
        ("label", "merchant-2", -1),
        ("undo", "merchant-2", 0),
        ("event", "merchant-x", 0),
        ("label", "merchant-x", 1),
        ("label", "merchant-x", -1),
    ]
    assert online_states() == rebuilt_states()


def test_a_retracted_event_leaves_the_states_and_its_labels_no_longer_count(send, work):
    send(payments(6))
    say(2, "fraud")
    work()
    retract(2)
    work()
    say(2, "legitimate")
    work()
    assert items()[7:] == [("label", "merchant-2", -1), ("undo", "merchant-2", 0), ("label", "merchant-2", 0)]
    assert answer_for("payment/shop/T-2")["status"] == "retracted"
    assert Decision.objects.filter(event_position=Event.objects.get(external_id="T-2").position).count() == 1
    assert online_states() == rebuilt_states()


def test_corrections_build_on_each_other_and_one_of_an_old_version_is_refused(send, work):
    send(payments(3))
    work()
    correct(1, amount="20.00", version=1)
    with pytest.raises(EventVersionConflict):
        correct(1, amount="30.00", version=1)
    correct(1, amount="30.00", version=2)
    work()
    assert [kind for kind, _, _ in items()[3:]] == ["undo", "event", "undo", "event"]
    assert Event.objects.get(external_id="T-1").versions == 3
    assert online_states() == rebuilt_states()


def test_a_repeated_amendment_changes_nothing(send, work):
    send(payments(3))
    work()
    assert correct(1).status == "unchanged"
    assert correct(1, amount="20.00").status == "recorded"
    assert correct(1, amount="20.00").status == "replayed"
    assert retract(1).status == "recorded"
    assert retract(1).status == "replayed"
    with pytest.raises(EventAlreadyRetracted):
        retract(1, reason="another")
    with pytest.raises(EventAlreadyRetracted):
        correct(1, amount="30.00")
    assert Amendment.objects.count() == 2


def test_a_wrong_event_time_can_be_corrected(send, work):
    send(payments(3))
    send([submission(payment_payload(7, occurred_at="1970-01-01T00:00:05Z"))])
    work()
    correct(7)
    work()
    assert Event.objects.get(external_id="T-7").occurred_at == MARCH + timedelta(minutes=7)
    assert online_states() == rebuilt_states()
    send(payments(1, start=12))
    work()
    assert online_states() == rebuilt_states()


def test_lost_states_are_restored_from_the_log(send, work, online_redis):
    send(payments(8))
    say(3, "fraud")
    work()
    correct(3, merchant="merchant-x", occurred_at="2026-03-01T12:01:30Z")
    retract(4)
    work()
    before = online_states()
    online_redis.flushdb()
    send(payments(1, start=9))
    work()
    assert online_states() == rebuilt_states()
    assert online_states().keys() >= before.keys()


def test_a_new_order_places_corrections_again(send, work):
    send(payments(8))
    say(3, "fraud")
    work()
    correct(3, merchant="merchant-x", occurred_at="2026-02-01T12:00:00Z")
    retract(4)
    work()
    say(3, "legitimate")
    say(4, "fraud")
    add_history(range(-20, -10), labels={-15: timedelta(minutes=2)})
    work()
    reorder_lane(LANE, reason="test")
    assert online_states() == rebuilt_states()
    assert items()[11:] == [
        *[("event", f"merchant-{number % 3}", 0) for number in range(8)],
        ("label", "merchant-0", 1),
        ("label", "merchant-0", -1),
        ("undo", "merchant-0", 0),
        ("event", "merchant-x", 0),
        ("label", "merchant-x", 1),
        ("undo", "merchant-1", 0),
        ("label", "merchant-x", -1),
        ("label", "merchant-1", 0),
    ]
    correct(5, amount="99.00")
    work()
    assert online_states() == rebuilt_states()


def test_a_correction_during_a_reorder_builds_on_the_new_order(send, work, monkeypatch):
    monkeypatch.setattr("scoring.states.reorder.ITEMS_A_CHUNK", 1)
    send(payments(4))
    say(1, "fraud")
    work()
    correct(1, merchant="merchant-x")
    work()
    add_history(range(-2, 0))

    def go_on() -> None:
        for amend in (
            lambda: say(1, "legitimate"),
            lambda: retract(2),
            lambda: correct(1, merchant="merchant-y"),
        ):
            amend()
            work()

    reorder_lane(LANE, reason="test", watch=Watching("writing the states", go_on))

    assert items()[6:] == [
        ("label", "merchant-1", 1),
        ("label", "merchant-1", -1),
        ("undo", "merchant-1", 0),
        ("event", "merchant-x", 0),
        ("label", "merchant-x", 1),
        ("label", "merchant-x", -1),
        ("undo", "merchant-2", 0),
        ("undo", "merchant-x", 0),
        ("event", "merchant-y", 0),
    ]
    assert online_states() == rebuilt_states()
    correct(1, merchant="merchant-z")
    work()
    assert items()[15:] == [("undo", "merchant-y", 0), ("event", "merchant-z", 0)]
    assert online_states() == rebuilt_states()


def test_a_late_label_of_history_counts_for_the_corrected_version(send, work):
    add_history(range(3))
    sequence_history(LANE)
    correct(1, merchant="merchant-x")
    work()
    assert answer_for("payment/shop/T-1")["status"] == "recorded"
    assert not Decision.objects.exists()
    assert online_states() == rebuilt_states()


def test_history_without_a_place_in_the_order_cannot_be_corrected(online_redis):
    add_history(range(3))
    with pytest.raises(EventStillHistory):
        correct(1, amount="99.00")
    with pytest.raises(EventStillHistory):
        retract(1)


def test_a_rebuilt_queue_has_the_same_entries(send, work):
    send(payments(6))
    [position] = Event.objects.filter(external_id="T-1").values_list("position", flat=True)
    pending.park(position, error="broken")
    work()
    correct(1, amount="99.00")
    correct(2, amount="99.00")
    retract(3)
    before = list(Pending.objects.order_by("position").values("position", "lane", "kind", "state"))
    rebuild_pending()
    assert list(Pending.objects.order_by("position").values("position", "lane", "kind", "state")) == before
    assert len(before) == 3
    work()
    rebuild_pending()
    assert not Pending.objects.exists()


def test_projections_are_rebuilt_row_for_row(send, work):
    send(payments(4))
    work()
    correct(1, occurred_at="2026-02-01T12:00:00Z")
    retract(2)
    models = (Event, Amendment, Decision)
    before = [list(model.objects.order_by("position").values()) for model in models]
    rebuild_projections([find_projection(model._meta.db_table) for model in models])
    assert [list(model.objects.order_by("position").values()) for model in models] == before
    assert before[0][2]["retracted_at"] is not None


def test_the_columns_of_a_lane_equal_its_items(send, work, settings, tmp_path):
    settings.OFFLINE_URL = str(tmp_path / "offline")
    send(payments(8))
    say(3, "fraud")
    work()
    correct(3, merchant="merchant-x", occurred_at="2026-02-01T12:00:00Z")
    retract(4)
    work()
    plan, store = lane_plan(LANE, vocabularies={}), OfflineStore()
    for exported in (False, True):
        if exported:
            export_log(store, now=datetime.now(UTC))
            correct(5, amount="99.00")  # and one that the store does not have
            work()
        arena = Arena(plan)
        for part in iter_lane_batches(plan, store=store):
            fold(plan, part.batch, arena)
        assert arena.blobs() == rebuilt_states()


def test_every_decision_is_reproduced_from_the_log(send, work):
    send(payments(30))
    say(3, "fraud")
    work()
    for number in range(3, 9):
        correct(number, merchant="merchant-x", category="food")
        work()
    retract(9)
    correct(3, amount="1.00")
    correct(3, amount="2.00")
    work()
    send(payments(10, start=30))
    work()
    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert again.first == []
    assert again.identical == again.decisions == Decision.objects.count() == 48
    assert check_lane(LANE, now=datetime.now(UTC), share=1.0) == 48
    assert read_mismatches(since=datetime(2000, 1, 1, tzinfo=UTC)) == []
