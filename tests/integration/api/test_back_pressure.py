"""Back pressure: what a lane that is behind refuses and accepts, and when refused senders should retry."""

import threading

import pytest
from django.db import OperationalError

from scoring.intake import admission
from scoring.intake.admission import BulkAdmission, pause_after
from scoring.intake.errors import TooManyLists
from scoring.intake.models import Event
from scoring.lanes.lock import held_lane
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import lane_notifications
from tests.factories.payments import payment_payload

pytestmark = pytest.mark.django_db(transaction=True)

LANE = "commerce"


@pytest.fixture(autouse=True)
def small_bounds(settings, monkeypatch):
    settings.API_MAX_QUEUED, settings.API_MAX_WAITING = 10, 3
    monkeypatch.setattr(admission, "_counted", {})


def a_list(start: int, count: int) -> list[dict]:
    return [payment_payload(number) for number in range(start, start + count)]


def work_all() -> None:
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        while runner.step():
            pass


def test_a_list_is_refused_until_its_lane_has_caught_up(api, monkeypatch):
    assert api.post("events", a_list(0, 12)).status_code == 200

    refused = api.post("events", a_list(100, 2))
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert problem["type"] == "/api/problems/lane-behind"
    assert (problem["lane"], problem["queued"], problem["limit"]) == (LANE, 12, 10)
    assert Event.objects.count() == 12

    work_all()
    monkeypatch.setattr(admission, "_counted", {})  # a second later
    assert api.post("events", a_list(100, 2)).status_code == 200


def test_waiting_clients_are_served_while_bulk_is_refused(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", a_list(100, 2)).status_code == 429
    assert api.post("events", payment_payload(200), prefer="wait=0.01").status_code == 202


def test_single_events_without_a_waiting_client_are_bulk(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", payment_payload(200), prefer="respond-async").status_code == 429


def test_waiting_clients_are_refused_too_when_too_many_wait(api):
    for number in range(3):
        assert api.post("events", payment_payload(number), prefer="wait=0.01").status_code == 202
    assert api.post("events", payment_payload(3), prefer="wait=0.01").status_code == 429


def test_retry_after_follows_from_the_queue_and_the_lanes_pace(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", a_list(100, 1))["Retry-After"] == str(admission.DEFAULT_RETRY)
    lane_notifications.subscribe(LANE, pace=0.5)
    assert api.post("events", a_list(100, 1))["Retry-After"] == "14"  # 12 - 10 / 2 entries
    lane_notifications.subscribe(LANE, pace=1e6)
    assert api.post("events", a_list(100, 1))["Retry-After"] == "1"
    lane_notifications.subscribe(LANE, pace=0.1)
    assert api.post("events", a_list(100, 1))["Retry-After"] == str(admission.MAX_RETRY)


def test_invalid_items_of_a_refused_list_are_not_answered_one_by_one(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", [{"type": "payment"}, payment_payload(100)]).status_code == 429
    assert api.post("events", [{"type": "payment"}]).status_code == 207  # nothing to queue


def test_the_pace_of_a_lane_is_its_runners_pace(api):
    api.post("events", a_list(0, 5))
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        assert runner.limits.pace == 0.0
        runner.step()
    assert runner.limits.pace > 0
    lane_notifications.subscribe(LANE, pace=runner.limits.pace)
    assert lane_notifications.pace_of(LANE) == pytest.approx(runner.limits.pace, abs=0.1)


def test_lists_are_received_one_at_a_time_and_refused_beyond_the_limit():
    own, inside, leave = BulkAdmission(2), [], threading.Event()

    def pass_through():
        with own.admit_bulk({}):
            inside.append(len(inside))
            leave.wait(30)

    first, second = (threading.Thread(target=pass_through) for _ in range(2))
    first.start()
    while not inside:
        pass
    second.start()
    while own._places._value:
        pass
    with pytest.raises(TooManyLists), own.admit_bulk({}):
        pass
    assert inside == [0]  # the second waits

    leave.set()
    first.join()
    second.join()
    assert inside == [0, 1]
    with own.admit_bulk({}):
        pass


def test_lists_are_slowed_to_the_pace_of_a_lane_that_is_behind(api, monkeypatch):
    api.post("events", a_list(0, 12))
    lane_notifications.subscribe(LANE, pace=100.0)
    assert pause_after({LANE: 50}, seconds=0.1) == 0.0  # twelve are few
    monkeypatch.setattr(admission, "MAX_LEAD", 11)
    assert pause_after({LANE: 50}, seconds=0.1) == pytest.approx(0.4)
    assert pause_after({LANE: 50}, seconds=0.7) == 0.0
    assert pause_after({LANE: 5_000}, seconds=0.1) == admission.MAX_PAUSE_SECONDS


@pytest.mark.parametrize(("waits", "pauses"), [(True, [0.3]), (False, [])])
def test_lists_are_held_back_only_while_clients_wait(monkeypatch, waits, pauses):
    slept = []
    monkeypatch.setattr(admission, "pause_after", lambda events, *, seconds: 0.3)
    monkeypatch.setattr(admission.time, "sleep", slept.append)
    own = BulkAdmission(1)
    if waits:
        own.mark_interactive()
    with own.admit_bulk({LANE: 500}):
        pass
    assert slept == pauses


def test_a_waiting_client_is_marked_and_a_list_goes_through_admission(api, monkeypatch, settings):
    settings.API_MAX_QUEUED = 1_000
    noted, turns = [], []
    monkeypatch.setattr(admission.bulk_admission, "mark_interactive", lambda: noted.append("waits"))
    original = admission.bulk_admission.admit_bulk
    monkeypatch.setattr(
        admission.bulk_admission, "admit_bulk", lambda events: turns.append(dict(events)) or original(events)
    )
    api.post("events", a_list(0, 70))
    assert (noted, turns) == ([], [{LANE: 70}])
    api.post("events", payment_payload(100), prefer="wait=0.01")
    assert (noted, turns) == (["waits"], [{LANE: 70}])


def test_a_refused_list_does_not_count_as_queued(api, monkeypatch, settings):
    settings.API_MAX_QUEUED = 1_000
    monkeypatch.setattr(admission.bulk_admission, "_places", threading.BoundedSemaphore(1))
    with admission.bulk_admission.admit_bulk({}):
        refused = api.post("events", a_list(0, 70))
    assert refused.status_code == 429
    assert refused.json()["type"] == "/api/problems/lists-in-line"
    assert refused["Retry-After"] == "1"
    assert admission.bulk_queued(LANE) == 0
    assert not Event.objects.exists()


def test_a_stored_list_is_answered_even_if_the_queue_cannot_be_counted(monkeypatch):
    def fail(events, *, seconds):
        raise OperationalError("gone")

    monkeypatch.setattr(admission, "pause_after", fail)
    own = BulkAdmission(1)
    own.mark_interactive()
    with own.admit_bulk({LANE: 500}):
        pass
