"""The tiles of the overview: each figure under its own heading, against the hour before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring.drift.distance import State
from monitoring.models import HourlyWindow, MinuteWindow
from monitoring.overview.facts import Facts, InCharge, Queue
from monitoring.overview.tiles import (
    day_tiles,
    model_tiles,
    money,
    outcome_shares,
    queue_tiles,
    traffic_tiles,
)
from monitoring.windows.latency_histogram import bin_of
from scoring.learning.models import TrainingJob
from scoring.registry.models import ModelVersion, Route
from tests.factories.log import NOW
from tests.unit.monitoring.overview.test_attention import QUIET, candidate, minutes, report

HOUR = timedelta(hours=1)


def link(page: str, *arguments: object, query: str = "") -> str:
    return "/".join([page, *map(str, arguments)]) + query


def shown(tiles: list) -> dict[str, tuple[str, str]]:
    return {tile.label: (tile.value, tile.note) for tile in tiles}


def traffic(*windows: MinuteWindow) -> dict[str, tuple[str, str]]:
    return shown(traffic_tiles(replace(QUIET, minutes=list(windows)), link))


def hour(event_type: str = "payment", **columns: int) -> HourlyWindow:
    return HourlyWindow(event_type=event_type, start=NOW.replace(minute=0), **columns)


@pytest.mark.parametrize(
    ("windows", "value", "note"),
    [
        (minutes(60, 0, received=2), "120", "none in the hour before"),
        (minutes(120, 0, received=2), "120", "about as in the hour before (120)"),
        ([*minutes(120, 60, received=4), *minutes(60, 0, received=2)], "120", "down from 240"),
        ([*minutes(120, 60, received=1), *minutes(60, 0, received=2)], "120", "up from 60"),
        (minutes(121, 60, received=2), "0", "down from 120"),  # the minute before the hour before is not its
    ],
)
def test_the_last_hour_is_set_against_the_hour_before(
    windows: list[MinuteWindow], value: str, note: str
) -> None:
    found = traffic(*windows)["Events in the last hour"]
    assert found[0] == value
    assert found[1].startswith(note)


def test_a_rate_is_that_of_the_last_five_minutes() -> None:
    assert traffic(*minutes(7, 0, received=5))["Events a minute"] == ("5.0", "mean of the last 5 minutes")


def test_what_came_before_the_last_five_minutes_does_not_make_them_enough_for_a_rate() -> None:
    found = traffic(*minutes(6, 5, received=40), *minutes(5, 0, received=3))
    assert found["Events a minute"] == ("0.92", "mean of the last hour")


def test_a_rate_of_few_is_that_of_the_last_hour() -> None:
    assert traffic(*minutes(70, 0, received=3))["Events a minute"] == ("3.0", "mean of the last hour")
    assert traffic(*minutes(40, 20, received=1))["Events a minute"] == ("0.33", "mean of the last hour")


def test_the_median_and_the_slowest_are_told_apart() -> None:
    latency = [0] * (bin_of(900_000) + 1)
    latency[bin_of(8_000)], latency[bin_of(90_000)], latency[bin_of(900_000)] = 90, 7, 3
    found = traffic(MinuteWindow(start=NOW - timedelta(minutes=1), latency=latency))
    median, slowest = found["Latency, median"], found["Latency, 99th percentile"]
    assert float(median[0].split()[0]) == pytest.approx(8, rel=0.13)
    assert float(slowest[0].split()[0]) == pytest.approx(900, rel=0.13)
    assert slowest[1].startswith("95th: ")
    assert float(slowest[1].split()[1]) == pytest.approx(90, rel=0.13)


def test_money_and_decisions_stand_under_their_own_outcome() -> None:
    window = hour(
        decided_allow=90, decided_review=8, decided_block=2,
        stake_allow=9_000_00, stake_review=800_00, stake_block=20_00, positives=3, fraud_stake=55_00,
    )  # fmt: skip
    assert shown(day_tiles(replace(QUIET, hours=[window, hour(decided_allow=0)]), link)) == {
        "Allowed": ("9,000.00 USD", "90 events, 90.0 %"),
        "Sent to review": ("800.00 USD", "8 events, 8.0 %"),
        "Blocked": ("20.00 USD", "2 events, 2.0 %"),
        "Confirmed fraud": ("55.00 USD", "3 events labeled"),
    }
    assert outcome_shares([window]) == [("allow", 90, 0.9), ("review", 8, 0.08), ("block", 2, 0.02)]
    assert outcome_shares([hour()]) == []


def test_money_is_summed_over_hours_and_none_of_it_is_a_dash() -> None:
    assert money([hour(stake_block=1_50), hour(stake_block=50)], "stake_block") == "2.00 USD"
    assert money([hour("gone", stake_block=1)], "stake_block") == money([], "stake_block") == "-"


def test_the_queue_says_how_much_waits_and_for_how_long() -> None:
    some = replace(QUIET, queue=Queue(waiting=1_200, held=3, oldest=NOW - 3 * HOUR))
    assert shown(queue_tiles(some, link)) == {
        "Cases waiting": ("1,200", "oldest 3 h, 3 in hand. Work the queue")
    }
    none = replace(QUIET, queue=Queue(waiting=0, held=0, oldest=None))
    assert shown(queue_tiles(none, link)) == {"Cases waiting": ("0", "nothing to review")}
    assert queue_tiles(QUIET, link) == []


def in_charge(version: ModelVersion | None, name: str = "payment-1") -> Facts:
    return replace(QUIET, in_charge=[InCharge(Route(event_type="payment"), name, version)])


def test_a_model_in_charge_says_when_it_was_trained_and_how_its_checks_went() -> None:
    version = candidate(True, False)
    version.status = "approved"
    assert shown(model_tiles(in_charge(version), link)) == {
        "Decides payment": ("payment-1", "trained 1 h ago; approved, 1 of 2 checks failed")
    }
    assert shown(model_tiles(in_charge(None), link)) == {
        "Decides payment": ("payment-1", "not in the registry")
    }


def test_the_drift_of_a_model_is_its_own() -> None:
    drifted = replace(in_charge(None), drifts=[report(State.SHIFTED, State.STABLE)])
    [_, tile] = model_tiles(drifted, link)
    assert (tile.label, tile.value, tile.tone) == ("Features of payment-1 that moved", "1 of 2", "warn")
    assert tile.href == "drift?model=payment-1&type=payment"
    [_, other] = model_tiles(replace(in_charge(None, "payment-9"), drifts=drifted.drifts), link)
    assert (other.label, other.value) == ("Drift of payment-9", "not known")


def running(**progress: object) -> TrainingJob:
    job = TrainingJob(state="running", started_at=NOW - HOUR)
    vars(job).update(progress)  # as it is read together with its job
    return job


@pytest.mark.parametrize(
    ("job", "value", "tone"),
    [
        (running(step="fitting", done=30, total=120), "25 %", ""),
        (running(step="", done=0, total=0), "running", ""),
        (TrainingJob(number=3, state="failed", ended_at=NOW, requested_at=NOW), "failed", "bad"),
        (TrainingJob(number=3, state="finished", ended_at=NOW, requested_at=NOW), "finished", ""),
    ],
)
def test_the_newest_training_says_how_far_it_is(job: TrainingJob, value: str, tone: str) -> None:
    [tile] = model_tiles(replace(QUIET, trainings=[job]), link)
    assert (tile.label, tile.value, tile.tone) == ("Training", value, tone)


def test_without_a_training_one_can_be_started() -> None:
    [tile] = model_tiles(replace(QUIET, trainings=[]), link)
    assert (tile.value, tile.note, tile.href) == ("none so far", "Start one", "training_start")
