"""What a lane that is behind refuses, what it still takes, and when a sender is asked to come again."""

import pytest

from scoring.decisions import backlog, doorbell
from scoring.decisions.lane_lock import held_lane
from scoring.decisions.models import Event
from scoring.decisions.runner import LaneRunner
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
    doorbell.stand_at_door(LANE, pace=0.5)
    assert api.post("events", a_list(100, 1))["Retry-After"] == "14"  # 12 - 10 / 2 entries
    doorbell.stand_at_door(LANE, pace=1e6)
    assert api.post("events", a_list(100, 1))["Retry-After"] == "1"
    doorbell.stand_at_door(LANE, pace=0.1)
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
    doorbell.stand_at_door(LANE, pace=runner.pace)
    assert doorbell.pace_of(LANE) == pytest.approx(runner.pace, abs=0.1)
