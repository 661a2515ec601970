"""An event corrected or retracted: what its lane takes back, applies and decides anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.decisions import pending
from scoring.decisions.answers import answer_for
from scoring.decisions.corrections import MAX_TRIES, AmendmentReceipt, correct_event, retract_event
from scoring.decisions.history import sequence_history
from scoring.decisions.labels import LabelStatement, record_labels
from scoring.decisions.lane_log import iter_lane_items
from scoring.decisions.mailboxes import Mailbox
from scoring.decisions.models import Amendment, Decision, Event, Pending
from scoring.decisions.rebuild_pending import rebuild_pending
from scoring.decisions.reorder import reorder_lane
from scoring.errors import EventAlreadyRetracted, EventStillHistory, EventVersionConflict, StreamConflict
from scoring.features.arena import Arena
from scoring.features.fold import fold
from scoring.features.plan import lane_plan
from scoring.log.append import append
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.offline.export import export_log
from scoring.offline.lane import iter_lane_batches
from scoring.offline.store import OfflineStore
from scoring.replay.consistency import check_lane, read_mismatches
from scoring.replay.service import replay
from tests.factories.payments import MARCH, payment_payload, payments, submission
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.integration.lanes.test_batches_that_fail import without_model
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
    """What the kernel folded, in order: kind, merchant, by how much its positives changed."""
    return [
        (item.kind, item.fields["merchant"], item.positive_delta)
        for chunk in iter_lane_items(LANE)
        for item in chunk.items
    ]


def test_a_correction_takes_the_event_back_applies_it_as_corrected_and_decides_it_again(send, work):
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


def test_corrections_and_other_events_are_taken_in_one_batch(send, work, caplog):
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


def test_a_retracted_event_leaves_the_states_and_its_labels_count_no_more(send, work):
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


def test_a_correction_of_an_event_that_is_still_queued_comes_after_it(send, work):
    send(payments(3))
    correct(1, amount="99.00")
    work()
    assert [kind for kind, _, _ in items()] == ["event", "event", "event", "undo", "event"]
    assert [entry.type for entry in read_stream("payment/shop/T-1")] == [
        "event.received",
        "event.corrected",
        "decision.made",
        "decision.revised",
    ]
    assert online_states() == rebuilt_states()


def test_a_correction_takes_the_place_of_an_event_that_could_not_be_processed(send, work):
    send(payments(3))
    [position] = Event.objects.filter(external_id="T-1").values_list("position", flat=True)
    pending.park(position, error="broken")
    work()
    correct(1, amount="99.00")
    work()
    assert [kind for kind, _, _ in items()] == ["event", "event", "event"]
    assert answer_for("payment/shop/T-1")["decision"]["cause"] == "corrected"
    assert not Pending.objects.exists()
    assert online_states() == rebuilt_states()


def test_an_event_parked_after_it_was_corrected_is_passed_over_when_it_is_tried_again(send, work):
    send(payments(3))
    correct(1, amount="99.00")
    [position] = Event.objects.filter(external_id="T-1").values_list("position", flat=True)
    pending.park(position, error="broken")
    work()
    pending.unpark([position])
    work()
    assert [kind for kind, _, _ in items()] == ["event", "event", "event", "label"]
    assert len([entry for entry in read_stream("payment/shop/T-1") if entry.packed]) == 1
    assert online_states() == rebuilt_states()


def park(number: int) -> int:
    """Set aside what was said last of a payment; gives its position."""
    position = read_stream(f"payment/shop/T-{number}")[-1].position
    assert pending.park(position, error="broken")
    return position


def test_a_retraction_has_nothing_to_take_back_when_no_version_was_ever_applied(send, work):
    send(payments(2))
    receipt = park(1)
    correct(1, amount="99.00")
    correction = park(1)
    retract(1)
    stream = read_stream("payment/shop/T-1")
    assert [entry.data.get("dropped") for entry in stream] == [None, [receipt], [correction]]
    assert stream[-1].data["withdrawn"] is True
    work()
    assert not Pending.objects.exists()
    rebuild_pending()
    assert not Pending.objects.exists()


def test_a_retraction_takes_back_the_version_applied_before_one_that_could_not_be(send, work):
    send(payments(2))
    work()
    correct(1, amount="99.00")
    correction = park(1)
    retract(1)
    retraction = read_stream("payment/shop/T-1")[-1]
    assert retraction.data["dropped"] == [correction]
    assert "withdrawn" not in retraction.data
    rebuild_pending()
    assert list(Pending.objects.values_list("position", "kind")) == [(retraction.position, "retraction")]
    work()
    assert [kind for kind, _, _ in items()] == ["event", "event", "undo"]
    assert online_states() == rebuilt_states()


def test_an_old_version_is_not_scored_again_and_the_new_one_is(send, work, monkeypatch):
    without_model(monkeypatch)
    send(payments(2))
    work()
    correct(1, amount="99.00")
    correction = read_stream("payment/shop/T-1")[-1].position
    assert list(queue()) == [("payment/shop/T-0", "rescore"), ("payment/shop/T-1", "correction")]
    work()
    columns = ("position", "lane", "kind", "state", "priority", "event_stream", "error")
    before = list(Pending.objects.order_by("position").values(*columns))
    assert [(row["kind"], row["state"]) for row in before] == [("rescore", "waiting")] * 2
    assert before[-1]["position"] == correction
    rebuild_pending()
    assert list(Pending.objects.order_by("position").values(*columns)) == before


def test_a_label_counts_for_the_version_applied_though_that_is_to_be_scored_again(send, work, monkeypatch):
    without_model(monkeypatch)
    send(payments(2))
    work()
    correct(1, merchant="merchant-x")
    work()
    assert Pending.objects.filter(kind="rescore").count() == 2
    say(1, "fraud")
    work()
    assert items()[-1] == ("label", "merchant-x", 1)
    assert online_states() == rebuilt_states()


def queue() -> Any:
    return Pending.objects.order_by("position").values_list("event_stream", "kind")


@pytest.mark.parametrize(
    ("state", "priority"), [("ready", pending.NORMAL), ("parked", pending.URGENT), ("done", pending.URGENT)]
)
def test_a_correction_whose_client_waits_does_not_overtake_its_own_event(send, work, state, priority):
    send(payments(2))
    if state == "done":
        work()
    if state == "parked":
        park(1)
    correct(1, amount="20.00", wait=0.01)
    assert Pending.objects.get(kind="correction").priority == priority


def test_a_client_that_repeats_a_correction_waits_for_it_like_the_first(send, work, monkeypatch):
    told: list[str] = []
    send(payments(2))
    work()
    correct(1, amount="20.00")
    monkeypatch.setattr("scoring.decisions.doorbell.ring_lanes", told.extend)
    receipt = correct(1, amount="20.00", wait=0.01)
    assert (receipt.status, receipt.is_undecided) == ("replayed", True)
    [queued] = Pending.objects.all()
    assert (queued.priority, bool(queued.wake_token), told) == (pending.URGENT, True, [LANE])
    work()
    assert not correct(1, amount="20.00", wait=0.01).is_undecided


def test_what_is_taken_of_a_corrected_event_is_its_version_with_when_that_came(send, work):
    send(payments(2))
    work()
    correct(1, amount="99.00")
    say(1, "fraud")
    receipt, _, corrected = read_stream("payment/shop/T-1")
    correction, label = pending.claim(LANE, limit=5)
    assert (correction.kind, correction.event) == ("correction", corrected.data)
    assert (correction.position, correction.event_version) == (corrected.position,) * 2
    assert correction.received_at == corrected.recorded_at
    assert (label.kind, label.event, label.event_version) == ("label", receipt.data, receipt.position)
    assert label.received_at == receipt.recorded_at
    for claim in (correction, label):
        assert (claim.event_position, claim.stream_version) == (receipt.position, 3)
        assert (claim.decisions, claim.amended, claim.urgent) == (1, True, False)


def test_retracting_an_event_that_could_not_be_processed_empties_the_queue(send, work):
    send(payments(3))
    [position] = Event.objects.filter(external_id="T-1").values_list("position", flat=True)
    pending.park(position, error="broken")
    retract(1)
    work()
    assert [kind for kind, _, _ in items()] == ["event", "event"]
    assert not Pending.objects.exists()


def test_a_correction_whose_client_waits_goes_before_bulk_and_the_lane_is_told_of_either(
    send, work, monkeypatch
):
    told: list[str] = []
    send(payments(3))
    work()
    monkeypatch.setattr("scoring.decisions.doorbell.ring_lanes", told.extend)
    correct(1, amount="20.00")
    correct(2, amount="20.00", wait=0.01)
    retract(1)
    queued = Pending.objects.order_by("position")
    assert [(each.kind, each.priority) for each in queued] == [
        ("correction", pending.NORMAL),
        ("correction", pending.URGENT),
        ("retraction", pending.NORMAL),
    ]
    assert told == [LANE] * 3


def test_a_client_that_waits_is_answered_with_the_new_decision(send, work, monkeypatch):
    collect, counts = Mailbox.collect, []

    def work_then_collect(mailbox, **how):
        work()
        counts.append(how["count"])
        return collect(mailbox, **how)

    monkeypatch.setattr(Mailbox, "collect", work_then_collect)
    send(payments(2))
    work()
    receipt = correct(1, amount="20.00", wait=30.0)
    assert not receipt.is_undecided
    assert counts == [1]  # for a second answer it would wait in vain
    assert [revision["cause"] for revision in receipt.answer["revisions"]] == ["corrected"]


def test_who_amended_an_event_is_kept(send, work):
    send(payments(2))
    work()
    correct(1, amount="20.00")
    retract(1)
    assert [entry.metadata for entry in read_stream("payment/shop/T-1")[-2:]] == [{"actor": "test"}] * 2


@pytest.mark.parametrize("amend", [lambda: correct(1, amount="20.00"), lambda: retract(1)])
@pytest.mark.parametrize("conflicts", [MAX_TRIES - 1, MAX_TRIES])
def test_an_event_that_changes_meanwhile_is_read_anew_a_few_times(send, work, monkeypatch, amend, conflicts):
    send(payments(2))
    work()
    meanwhile = iter(range(conflicts))

    def append_or_conflict(entries, *, now):
        if next(meanwhile, None) is not None:
            raise StreamConflict(entries[0].stream, entries[0].expected_version)
        return append(entries, now=now)

    monkeypatch.setattr("scoring.decisions.corrections.append", append_or_conflict)
    if conflicts == MAX_TRIES:
        with pytest.raises(StreamConflict):
            amend()
    else:
        assert amend().status == "recorded"
    assert Amendment.objects.count() == (conflicts < MAX_TRIES)


def test_corrections_build_upon_each_other_and_one_of_an_old_version_is_refused(send, work):
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


def test_the_same_again_changes_nothing(send, work):
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


def test_a_clock_that_was_reset_can_be_put_right(send, work):
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


def test_states_lost_come_back_from_the_log_as_they_were(send, work, online_redis):
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


def test_a_new_order_of_the_lane_gives_corrections_their_place_again(send, work):
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


def test_what_is_corrected_while_a_new_order_is_worked_out_builds_upon_that_order(send, work, monkeypatch):
    monkeypatch.setattr("scoring.decisions.reorder.ITEMS_A_CHUNK", 1)
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


def test_history_that_is_labelled_late_counts_for_the_corrected_version(send, work):
    add_history(range(3))
    sequence_history(LANE)
    correct(1, merchant="merchant-x")
    work()
    assert answer_for("payment/shop/T-1")["status"] == "recorded"
    assert not Decision.objects.exists()
    assert online_states() == rebuilt_states()


def test_history_that_has_no_place_yet_cannot_be_corrected(online_redis):
    add_history(range(3))
    with pytest.raises(EventStillHistory):
        correct(1, amount="99.00")
    with pytest.raises(EventStillHistory):
        retract(1)


def test_a_rebuilt_queue_has_what_was_queued(send, work):
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


def test_columns_of_a_lane_are_its_items(send, work, settings, tmp_path):
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


def test_every_decision_comes_out_of_the_log_again(send, work):
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
