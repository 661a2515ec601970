"""Which moments a training may be asked for, to the very moment, and what a schedule may state."""

from datetime import UTC, datetime, timedelta

import pytest

from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.learning.errors import InvalidTraining
from scoring.learning.jobs.retraining import scheduled_options
from scoring.learning.search.options import SearchOptions
from scoring.learning.training.recipe import MAX_MATURITY_DAYS, TrainingRequest
from scoring.learning.training.running.inputs import check_window

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def request(**changes) -> TrainingRequest:
    return TrainingRequest(**({"event_type": "payment", "as_of": NOW} | changes))


@pytest.mark.parametrize(
    ("field", "allowed", "refused"),
    [
        ("as_of", NOW, NOW + MOMENT),
        ("since", NOW - MOMENT, NOW),
        ("test_until", NOW + MOMENT, NOW),
        ("log_position", 0, -1),
        ("matures_after", timedelta(0), -MOMENT),
        (
            "matures_after",
            timedelta(days=MAX_MATURITY_DAYS),
            timedelta(days=MAX_MATURITY_DAYS) + timedelta(seconds=1),
        ),
    ],
)
def test_a_window_is_allowed_up_to_its_bound_and_refused_beyond_it(field, allowed, refused):
    check_window(request(**{field: allowed}), now=NOW)
    with pytest.raises(InvalidTraining) as error:
        check_window(request(**{field: refused}), now=NOW)
    assert field in str(error.value)


@pytest.mark.parametrize(
    ("stated", "days"), [(None, None), (0, 0), (45, 45), (0.5, 0.5), (MAX_MATURITY_DAYS, MAX_MATURITY_DAYS)]
)
def test_a_schedule_states_a_maturity_in_days_or_leaves_it_to_the_catalog(stated, days):
    assert scheduled_options("payment", matures_after_days=stated).matures_after_days == days


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"matures_after_days": "45"}, "matures_after_days"),
        ({"matures_after_days": True}, "matures_after_days"),
        ({"matures_after_days": -1}, "matures_after_days"),
        ({"matures_after_days": MAX_MATURITY_DAYS + 1}, "matures_after_days"),
        ({"only_if_new_labels": "false"}, "only_if_new_labels"),  # a text is true, whatever it says
        ({"only_if_new_labels": 0}, "only_if_new_labels"),
        ({"since": "yesterday"}, "since"),
        ({"since": 20260301}, "since"),
    ],
)
def test_a_mistyped_schedule_is_refused_naming_the_argument(arguments, field):
    with pytest.raises(InvalidTraining) as error:
        scheduled_options("payment", **arguments)
    assert field in str(error.value)


@pytest.mark.parametrize(
    ("event_type", "error"),
    [("paymnet", UnknownEventType), (7, UnknownEventType), ("refund", EventTypeNotScored)],
)
def test_a_schedule_of_a_type_without_models_is_refused(event_type, error):
    with pytest.raises(error, match=str(event_type)):
        scheduled_options(event_type)


def test_a_schedule_says_since_when_in_utc_unless_it_names_a_zone():
    assert scheduled_options("payment", since="2026-03-01").since == NOW
    assert scheduled_options("payment", since="2026-03-01T02:00:00+02:00").since == NOW
    assert scheduled_options("payment").since is None
    assert scheduled_options("payment", only_if_new_labels=False) == scheduled_options("payment")


def test_a_schedule_may_accept_features_that_seem_too_good_to_be_true():
    assert scheduled_options("payment", accept_leakage=["amount"]).accepted_leakage == ("amount",)
    assert scheduled_options("payment").accepted_leakage == ()
    a_list = "a list of features"
    for stated, words in (("amount", a_list), ([1], a_list), (["amuont"], "did you mean amount")):
        with pytest.raises(InvalidTraining, match=f"accept_leakage: .*{words}"):
            scheduled_options("payment", accept_leakage=stated)


def test_a_schedule_may_state_a_recipe():
    options = scheduled_options("payment", recipe={"depth": 4, "features_left_out": ["amount"]})
    assert (options.config.depth, options.config.features_left_out) == (4, ("amount",))
    refused = (({"depth": 0}, "depth"), ({"features_left_out": ["amuont"]}, "amount"), ([], "mapping"))
    for recipe, words in refused:
        with pytest.raises(InvalidTraining, match=words):
            scheduled_options("payment", recipe=recipe)


def test_a_schedule_may_search_within_a_budget():
    found = scheduled_options("payment", search={"minutes": 30, "folds": 3})
    assert found.search == SearchOptions(minutes=30, folds=3)
    assert scheduled_options("payment").search is None


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (30, "a budget such as"),
        ({"trials": 10}, "a budget such as"),
        ({"minutes": "30"}, "search.minutes: .*a number"),
        ({"minutes": 30, "folds": 2.5}, "search.folds: .*a whole number"),
        ({"minutes": 30, "folds": True}, "search.folds: .*a whole number"),
        ({"minutes": 30, "prunings": 2}, "search.prunings: .*one of minutes, trials, seed, folds"),
        ({"minutes": 30, "folds": 13}, "search_folds: .*from 1 to 12"),
        ({"minutes": 0}, "search_minutes"),
    ],
)
def test_a_search_that_cannot_be_is_refused_when_the_schedule_is_saved(search, words):
    with pytest.raises(InvalidTraining, match=words):
        scheduled_options("payment", search=search)
