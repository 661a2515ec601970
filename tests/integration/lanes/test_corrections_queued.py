"""Corrections of events that are still queued, and the clients that wait for them."""

from typing import Any

import pytest

from scoring.intake.answers import answer_for
from scoring.intake.models import Amendment, Event
from scoring.lanes import claiming
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.lanes.rebuild_queue import rebuild_pending
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.log.retry import ATTEMPTS
from scoring.signals.reply_channels import ReplyChannel
from tests.factories.log import inject_conflicts
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states, without_model
from tests.integration.lanes.test_corrections import correct, items, retract, say

pytestmark = pytest.mark.django_db(transaction=True)


def park(number: int) -> int:
    """Park the last entry of a payment; returns its position."""
    position = read_stream(f"payment/shop/T-{number}")[-1].position
    assert pending.park(position, error="broken")
    return position


def test_a_correction_of_a_queued_event_follows_it(send, work):
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


def test_a_correction_replaces_a_parked_event(send, work):
    send(payments(3))
    park(1)
    work()
    correct(1, amount="99.00")
    work()
    assert [kind for kind, _, _ in items()] == ["event", "event", "event"]
    assert answer_for("payment/shop/T-1")["decision"]["cause"] == "corrected"
    assert not Pending.objects.exists()
    assert online_states() == rebuilt_states()


def test_an_event_parked_after_its_correction_is_ignored_on_retry(send, work):
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


def test_a_retraction_undoes_nothing_when_no_version_was_applied(send, work):
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


def test_a_retraction_undoes_the_version_applied_before_a_parked_one(send, work):
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


def test_the_new_version_is_rescored_and_the_old_one_is_not(send, work, monkeypatch):
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


def test_a_label_counts_for_an_applied_version_that_waits_for_a_rescore(send, work, monkeypatch):
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
def test_an_awaited_correction_does_not_overtake_its_event(send, work, state, priority):
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
    monkeypatch.setattr("scoring.signals.lane_notifications.notify_lanes", told.extend)
    receipt = correct(1, amount="20.00", wait=0.01)
    assert (receipt.status, receipt.is_undecided) == ("replayed", True)
    [queued] = Pending.objects.all()
    assert (queued.priority, bool(queued.wake_token), told) == (pending.URGENT, True, [LANE])
    work()
    assert not correct(1, amount="20.00", wait=0.01).is_undecided


def test_the_claim_of_a_corrected_event_has_its_version_and_the_time_of_that(send, work):
    send(payments(2))
    work()
    correct(1, amount="99.00")
    say(1, "fraud")
    receipt, _, corrected = read_stream("payment/shop/T-1")
    correction, label = claiming.claim(LANE, limit=5)
    assert (correction.kind, correction.event) == ("correction", corrected.data)
    assert (correction.position, correction.event_version) == (corrected.position,) * 2
    assert correction.received_at == corrected.recorded_at
    assert (label.kind, label.event, label.event_version) == ("label", receipt.data, receipt.position)
    assert label.received_at == receipt.recorded_at
    for claim in (correction, label):
        assert (claim.event_position, claim.stream_version) == (receipt.position, 3)
        assert (claim.decisions, claim.amended, claim.urgent) == (1, True, False)


def test_retracting_a_parked_event_empties_the_queue(send, work):
    send(payments(3))
    park(1)
    retract(1)
    work()
    assert [kind for kind, _, _ in items()] == ["event", "event"]
    assert not Pending.objects.exists()


def test_an_awaited_correction_goes_before_bulk_and_the_lane_is_notified_of_both(send, work, monkeypatch):
    told: list[str] = []
    send(payments(3))
    work()
    monkeypatch.setattr("scoring.signals.lane_notifications.notify_lanes", told.extend)
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


def test_a_waiting_client_gets_the_new_decision(send, work, monkeypatch):
    collect, counts = ReplyChannel.collect, []

    def work_then_collect(channel, **how):
        work()
        counts.append(how["count"])
        return collect(channel, **how)

    monkeypatch.setattr(ReplyChannel, "collect", work_then_collect)
    send(payments(2))
    work()
    receipt = correct(1, amount="20.00", wait=30.0)
    assert not receipt.is_undecided
    assert counts == [1]  # for a second answer it would wait in vain
    assert [revision["cause"] for revision in receipt.answer["revisions"]] == ["corrected"]


def test_the_actor_of_an_amendment_is_recorded(send, work):
    send(payments(2))
    work()
    correct(1, amount="20.00")
    retract(1)
    assert [entry.metadata for entry in read_stream("payment/shop/T-1")[-2:]] == [{"actor": "test"}] * 2


@pytest.mark.parametrize("amend", [lambda: correct(1, amount="20.00"), lambda: retract(1)])
@pytest.mark.parametrize("conflicts", [ATTEMPTS - 1, ATTEMPTS])
def test_an_event_that_changes_meanwhile_is_read_again_a_few_times(send, work, monkeypatch, amend, conflicts):
    send(payments(2))
    work()
    inject_conflicts(monkeypatch, "scoring.intake.amending.appending", count=conflicts)
    if conflicts == ATTEMPTS:
        with pytest.raises(StreamConflict):
            amend()
    else:
        assert amend().status == "recorded"
    assert Amendment.objects.count() == (conflicts < ATTEMPTS)
