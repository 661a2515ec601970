"""A training compares the values it learns from with those that decisions were given."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.dataset.export import read_training_set
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.errors import ServedValuesDiffer
from scoring.learning.leakage.served import check_served_values, served_in_words
from scoring.log.rebuild import last_position
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.payments import payments

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = 40


@pytest.fixture
def data(online_redis: Any, settings: Any, tmp_path: Any) -> TrainingSet:
    """The training set of payments that the real lane decided."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    receive_events(payments(EVENTS), source="shop", now=datetime.now(UTC))
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass
    return read_training_set("payment", as_of=datetime.now(UTC), matures_after=timedelta(0))


def with_other(data: TrainingSet, name: str) -> TrainingSet:
    """The set with other values of a feature."""
    X = data.X.copy()
    X[:, data.feature_names.index(name)] += 1
    return replace(data, X=X)


def test_values_of_the_lane_are_those_of_the_training_set(data: TrainingSet) -> None:
    served = check_served_values(data, log_position=last_position())
    assert served == {"compared": EVENTS, "accepted": []}
    assert check_served_values(data, log_position=0) == {"compared": 0, "accepted": []}


def test_a_feature_that_differs_stops_the_training_until_it_is_accepted(data: TrainingSet) -> None:
    skewed, last = with_other(data, "amount"), last_position()
    with pytest.raises(ServedValuesDiffer, match=r"amount \(40 of 40 events\).*--accept-leakage amount"):
        check_served_values(skewed, log_position=last)
    accepted = check_served_values(skewed, log_position=last, accepted=["amount"])
    assert accepted["accepted"] == [{"name": "amount", "differing": EVENTS, "compared": EVENTS}]
    assert served_in_words({"served": accepted}) == "amount (40 of 40 events differ)"
    assert check_served_values(skewed, log_position=last, left_out=["amount"])["accepted"] == []


def test_codes_of_categories_are_each_models_own(data: TrainingSet) -> None:
    name = next(iter(data.vocabularies)).replace(".", "_")
    assert not np.isnan(data.X[:, data.feature_names.index(name)]).all()
    assert check_served_values(with_other(data, name), log_position=last_position())["accepted"] == []
