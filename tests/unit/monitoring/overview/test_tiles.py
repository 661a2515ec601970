"""The tiles of the overview."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring.drift.distance import State
from monitoring.models import MinuteWindow
from monitoring.overview.facts import CaseQueue, Champion, Facts
from monitoring.overview.tiles import model_tiles, queue_tiles, traffic_tiles
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


@pytest.mark.parametrize(
    ("windows", "value", "note"),
    [
        (minutes(60, 0, received=2), "120", "none in the hour before"),
        (minutes(120, 0, received=2), "120", "about the same as the hour before (120)"),
        ([*minutes(120, 60, received=4), *minutes(60, 0, received=2)], "120", "down from 240"),
        ([*minutes(120, 60, received=1), *minutes(60, 0, received=2)], "120", "up from 60"),
        (minutes(121, 60, received=2), "0", "down from 120"),  # the minute before the hour before is not its
    ],
)
def test_the_last_hour_is_compared_with_the_hour_before(
    windows: list[MinuteWindow], value: str, note: str
) -> None:
    found = traffic(*windows)["Events in the last hour"]
    assert found[0] == value
    assert found[1].startswith(note)


def test_a_rate_is_that_of_the_last_five_minutes() -> None:
    assert traffic(*minutes(7, 0, received=5))["Events per minute"] == ("5.0", "mean of the last 5 minutes")


def test_older_events_do_not_count_toward_the_five_minutes_minimum() -> None:
    found = traffic(*minutes(6, 5, received=40), *minutes(5, 0, received=3))
    assert found["Events per minute"] == ("0.92", "mean of the last hour")


def test_with_few_events_the_rate_is_that_of_the_last_hour() -> None:
    assert traffic(*minutes(70, 0, received=3))["Events per minute"] == ("3.0", "mean of the last hour")
    assert traffic(*minutes(40, 20, received=1))["Events per minute"] == ("0.33", "mean of the last hour")


def test_median_and_slow_percentiles_are_distinguished() -> None:
    latency = [0] * (bin_of(900_000) + 1)
    latency[bin_of(8_000)], latency[bin_of(90_000)], latency[bin_of(900_000)] = 90, 7, 3
    found = traffic(MinuteWindow(start=NOW - timedelta(minutes=1), latency=latency))
    median, slowest = found["Latency, median"], found["Latency, 99th percentile"]
    assert float(median[0].split()[0]) == pytest.approx(8, rel=0.13)
    assert float(slowest[0].split()[0]) == pytest.approx(900, rel=0.13)
    assert slowest[1].startswith("95th: ")
    assert float(slowest[1].split()[1]) == pytest.approx(90, rel=0.13)


def test_the_queue_tile_shows_open_cases_and_the_oldest() -> None:
    some = replace(QUIET, queue=CaseQueue(pending=1_200, held=3, oldest=NOW - 3 * HOUR))
    assert shown(queue_tiles(some, link)) == {"Open cases": ("1,200", "oldest 3 h, 3 claimed")}
    none = replace(QUIET, queue=CaseQueue(pending=0, held=0, oldest=None))
    assert shown(queue_tiles(none, link)) == {"Open cases": ("0", "nothing to review")}
    assert queue_tiles(QUIET, link) == []


def champions(version: ModelVersion | None, name: str = "payment-1") -> Facts:
    return replace(QUIET, champions=[Champion(Route(event_type="payment"), name, version)])


def test_a_champion_tile_shows_training_time_and_checks() -> None:
    version = candidate(True, False)
    version.status = "approved"
    assert shown(model_tiles(champions(version), link)) == {
        "Champion for payment": ("payment-1", "trained 1 h ago; approved, 1 of 2 checks failed")
    }
    assert shown(model_tiles(champions(None), link)) == {
        "Champion for payment": ("payment-1", "not in the registry")
    }


def test_each_champion_shows_its_own_drift() -> None:
    drifted = replace(champions(None), drifts=[report(State.SHIFTED, State.STABLE)])
    [_, tile] = model_tiles(drifted, link)
    assert (tile.label, tile.value, tile.tone) == ("Drifted features of payment-1", "1 of 2", "warn")
    assert tile.note == "last day with 50\N{NO-BREAK SPACE}% of explanations; scores stable"
    assert tile.href == "drift?model=payment-1&type=payment"
    [_, other] = model_tiles(replace(champions(None, "payment-9"), drifts=drifted.drifts), link)
    assert (other.label, other.value) == ("Drift of payment-9", "unknown")


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (State.STABLE, "scores stable"),
        (State.MODERATE, "scores drifted"),
        (State.SHIFTED, "scores drifted strongly"),
        (State.CHANCE, "too few scores to compare"),
        (State.NO_DATA, "scores not comparable"),
    ],
)
def test_a_drift_tile_gives_the_state_of_the_scores(score: State, said: str) -> None:
    [_, tile] = model_tiles(replace(champions(None), drifts=[report(State.STABLE, score=score)]), link)
    assert tile.note == f"last day; {said}"


def running(**progress: object) -> TrainingJob:
    job = TrainingJob(state="running", started_at=NOW - HOUR)
    vars(job).update(progress)  # as it is read together with its job
    return job


@pytest.mark.parametrize(
    ("job", "value", "tone"),
    [
        (running(step="fitting", done=30, total=120), "25\N{NO-BREAK SPACE}%", ""),
        (running(step="", done=0, total=0), "running", ""),
        (TrainingJob(number=3, state="failed", ended_at=NOW, requested_at=NOW), "failed", "bad"),
        (TrainingJob(number=3, state="finished", ended_at=NOW, requested_at=NOW), "finished", ""),
    ],
)
def test_the_training_tile_shows_its_progress(job: TrainingJob, value: str, tone: str) -> None:
    [tile] = model_tiles(replace(QUIET, trainings=[job]), link)
    assert (tile.label, tile.value, tile.tone) == ("Training", value, tone)


def test_without_a_training_one_can_be_started() -> None:
    [tile] = model_tiles(replace(QUIET, trainings=[]), link)
    assert (tile.value, tile.note, tile.href) == ("none yet", "Start a training", "training_start")
