"""What a lane that is behind refuses, what it still takes, and when a sender is asked to come again."""

import threading

import pytest
from django.db import OperationalError

from scoring.intake import backlog, turnstile
from scoring.intake.errors import ListsInLine
from scoring.intake.models import Event
from scoring.intake.turnstile import Turnstile, pause_after
from scoring.lanes.lock import held_lane
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import lane_notifications
from tests.factories.payments import payment_payload

pytestmark = pytest.mark.django_db(transaction=True)

LANE = "commerce"


@pytest.fixture(autouse=True)
def small_bounds(settings, monkeypatch):
    settings.API_MOST_QUEUED, settings.API_MOST_WAITING = 10, 3
    monkeypatch.setattr(backlog, "_counted", {})


def a_list(start: int, count: int) -> list[dict]:
    return [payment_payload(number) for number in range(start, start + count)]


def work_all() -> None:
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        while runner.step():
            pass


def test_a_list_is_refused_while_its_lane_is_behind_and_taken_when_it_has_caught_up(api, monkeypatch):
    assert api.post("events", a_list(0, 12)).status_code == 200

    refused = api.post("events", a_list(100, 2))
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert problem["type"] == "/api/problems/lane-behind"
    assert (problem["lane"], problem["queued"], problem["limit"]) == (LANE, 12, 10)
    assert Event.objects.count() == 12

    work_all()
    monkeypatch.setattr(backlog, "_counted", {})  # a second later
    assert api.post("events", a_list(100, 2)).status_code == 200


def test_a_client_that_waits_is_served_beside_bulk_that_is_refused(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", a_list(100, 2)).status_code == 429
    assert api.post("events", payment_payload(200), prefer="wait=0.01").status_code == 202


def test_single_events_that_nobody_waits_for_are_bulk(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", payment_payload(200), prefer="respond-async").status_code == 429


def test_waiting_clients_are_refused_too_when_too_many_wait(api):
    for number in range(3):
        assert api.post("events", payment_payload(number), prefer="wait=0.01").status_code == 202
    assert api.post("events", payment_payload(3), prefer="wait=0.01").status_code == 429


def test_when_to_come_again_follows_from_the_backlog_and_the_lanes_pace(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", a_list(100, 1))["Retry-After"] == str(backlog.USUAL_WAIT)
    lane_notifications.subscribe(LANE, pace=0.5)
    assert api.post("events", a_list(100, 1))["Retry-After"] == "14"  # 12 - 10 / 2 entries
    lane_notifications.subscribe(LANE, pace=1e6)
    assert api.post("events", a_list(100, 1))["Retry-After"] == "1"
    lane_notifications.subscribe(LANE, pace=0.1)
    assert api.post("events", a_list(100, 1))["Retry-After"] == str(backlog.LONGEST_WAIT)


def test_invalid_items_of_a_refused_list_are_not_answered_one_by_one(api):
    api.post("events", a_list(0, 12))
    assert api.post("events", [{"type": "payment"}, payment_payload(100)]).status_code == 429
    assert api.post("events", [{"type": "payment"}]).status_code == 207  # nothing to queue, nothing refused


def test_the_pace_of_a_lane_is_what_its_runner_worked_at(api):
    api.post("events", a_list(0, 5))
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        assert runner.pace == 0.0
        runner.step()
    assert runner.pace > 0
    lane_notifications.subscribe(LANE, pace=runner.pace)
    assert lane_notifications.pace_of(LANE) == pytest.approx(runner.pace, abs=0.1)


def test_lists_pass_one_at_a_time_and_those_without_a_place_in_line_are_refused():
    own, inside, leave = Turnstile(2), [], threading.Event()

    def pass_through():
        with own.turn({}):
            inside.append(len(inside))
            leave.wait(30)

    first, second = (threading.Thread(target=pass_through) for _ in range(2))
    first.start()
    while not inside:
        pass
    second.start()
    while own._places._value:
        pass
    with pytest.raises(ListsInLine), own.turn({}):
        pass
    assert inside == [0]  # the second stands in line

    leave.set()
    first.join()
    second.join()
    assert inside == [0, 1]
    with own.turn({}):
        pass


def test_lists_are_held_to_the_pace_of_a_lane_that_is_behind(api, monkeypatch):
    api.post("events", a_list(0, 12))
    lane_notifications.subscribe(LANE, pace=100.0)
    assert pause_after({LANE: 50}, seconds=0.1) == 0.0  # twelve are no backlog
    monkeypatch.setattr(turnstile, "AHEAD", 11)
    assert pause_after({LANE: 50}, seconds=0.1) == pytest.approx(0.4)
    assert pause_after({LANE: 50}, seconds=0.7) == 0.0
    assert pause_after({LANE: 5_000}, seconds=0.1) == turnstile.LONGEST_PAUSE


@pytest.mark.parametrize(("waits", "pauses"), [(True, [0.3]), (False, [])])
def test_lists_are_held_back_only_while_clients_wait(monkeypatch, waits, pauses):
    slept = []
    monkeypatch.setattr(turnstile, "pause_after", lambda events, *, seconds: 0.3)
    monkeypatch.setattr(turnstile.time, "sleep", slept.append)
    own = Turnstile(1)
    if waits:
        own.note_waiting()
    with own.turn({LANE: 500}):
        pass
    assert slept == pauses


def test_a_waiting_client_is_noted_and_a_list_goes_through_the_turnstile(api, monkeypatch, settings):
    settings.API_MOST_QUEUED = 1_000
    noted, turns = [], []
    monkeypatch.setattr(turnstile.turnstile, "note_waiting", lambda: noted.append("waits"))
    original = turnstile.turnstile.turn
    monkeypatch.setattr(
        turnstile.turnstile, "turn", lambda events: turns.append(dict(events)) or original(events)
    )
    api.post("events", a_list(0, 70))
    assert (noted, turns) == ([], [{LANE: 70}])
    api.post("events", payment_payload(100), prefer="wait=0.01")
    assert (noted, turns) == (["waits"], [{LANE: 70}])


def test_a_list_without_a_place_in_line_does_not_count_as_queued(api, monkeypatch, settings):
    settings.API_MOST_QUEUED = 1_000
    monkeypatch.setattr(turnstile.turnstile, "_places", threading.BoundedSemaphore(1))
    with turnstile.turnstile.turn({}):
        refused = api.post("events", a_list(0, 70))
    assert refused.status_code == 429
    assert refused.json()["type"] == "/api/problems/lists-in-line"
    assert refused["Retry-After"] == "1"
    assert backlog.bulk_queued(LANE) == 0
    assert not Event.objects.exists()


def test_a_list_that_is_stored_is_answered_though_the_queue_cannot_be_counted(monkeypatch):
    def fail(events, *, seconds):
        raise OperationalError("gone")

    monkeypatch.setattr(turnstile, "pause_after", fail)
    own = Turnstile(1)
    own.note_waiting()
    with own.turn({LANE: 500}):
        pass
