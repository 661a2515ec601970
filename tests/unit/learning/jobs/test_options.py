from datetime import UTC, datetime, timedelta

import pytest

from scoring.learning.jobs.options import JobOptions
from scoring.learning.search.options import SearchOptions
from scoring.learning.training.recipe import TrainingConfig

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
CUT_OFF = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "options",
    [
        JobOptions(),
        JobOptions(as_of=CUT_OFF),
        JobOptions(since=SINCE, matures_after_days=0.0),
        JobOptions(CUT_OFF, 14.5, SINCE, TrainingConfig(trees=50, depth=3)),
        JobOptions(accepted_leakage=("amount", "hour_of_day")),
        JobOptions(search=SearchOptions(minutes=5, folds=3)),
    ],
)
def test_options_come_back_from_the_log_as_they_were_stored(options):
    assert JobOptions.from_stored(options.stored()) == options


def test_a_request_from_before_there_was_a_beginning_has_none():
    stored = JobOptions().stored()
    del stored["since"]
    assert JobOptions.from_stored(stored) == JobOptions()


def test_the_requested_training_is_run():
    options = JobOptions(CUT_OFF, 0.5, SINCE, TrainingConfig(trees=50, depth=3))
    request = options.request("payment", now=NOW)
    assert (request.event_type, request.as_of, request.since) == ("payment", CUT_OFF, SINCE)
    assert request.matures_after == request.maturity == timedelta(hours=12)
    assert options.config == TrainingConfig(trees=50, depth=3)


def test_defaults_are_all_history_until_now_and_the_catalogs_maturity():
    request = JobOptions().request("payment", now=NOW)
    assert (request.as_of, request.since, request.matures_after) == (NOW, None, None)
    assert request.maturity > timedelta(0)
    assert JobOptions(matures_after_days=0).request("payment", now=NOW).maturity == timedelta(0)
    assert JobOptions().config == TrainingConfig()


def test_requests_from_before_recipes_hold_trees_and_depth():
    older = {"as_of": None, "since": None, "matures_after_days": 14.0, "trees": 50, "depth": 5}
    assert JobOptions.from_stored(older).config == TrainingConfig(trees=50, depth=5)


def test_searches_from_before_there_were_folds_have_one():
    assert SearchOptions.from_stored({"minutes": 5, "trials": 9, "seed": 7}) == SearchOptions(
        5, 9, 7, folds=1
    )
