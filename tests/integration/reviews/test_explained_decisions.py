"""The whole explanation of a decision, from its entry."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
import redis

from scoring.decisions.explanation import explain_decision
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.registry.calibration import sigmoid
from scoring.registry.loaded_models import load_model
from scoring.registry.models import ModelArtifact
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments

pytestmark = pytest.mark.django_db(transaction=True)


def decide_one() -> Entry:
    """Receives a payment, lets its lane decide it and gives the decision."""
    receive_events(payments(3), source="shop", now=datetime.now(UTC))
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass
    return read_stream("payment/shop/T-2")[1]


@pytest.fixture
def small_model(online_redis: redis.Redis, settings, tmp_path) -> Callable[[], str]:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()

    def train() -> str:
        [name] = train_small_models(15)
        promote(name)
        return name

    return train


def test_contributions_lead_from_the_bias_to_the_score(small_model: Callable[[], str]) -> None:
    name = small_model()
    decision = decide_one()

    told = explain_decision(decision)

    assert told.complete
    assert len(told.contributions) == len(load_model(name).spec.features)
    sizes = [abs(part.contribution) for part in told.contributions]
    assert sizes == sorted(sizes, reverse=True)
    margin = told.bias + sum(part.contribution for part in told.contributions)
    assert margin == pytest.approx(told.margin, abs=1e-5)
    assert float(sigmoid(np.float64(told.slope * told.margin + told.intercept))) == pytest.approx(told.score)
    odds = told.start / (1 - told.start) * np.prod([part.odds for part in told.contributions])
    assert odds / (1 + odds) == pytest.approx(told.score, abs=1e-5)


def test_recorded_reasons_keep_their_text(small_model: Callable[[], str]) -> None:
    small_model()
    decision = decide_one()
    texts = {part.feature: part.text for part in explain_decision(decision).contributions}
    assert decision.data["reasons"]
    for reason in decision.data["reasons"]:
        assert texts[reason["feature"]] == reason["text"]


def test_field_values_are_formatted_for_reading(small_model: Callable[[], str]) -> None:
    small_model()
    parts = {part.feature: part for part in explain_decision(decide_one()).contributions}
    assert parts["amount"].value == "12.50 USD"
    assert parts["amount"].usual.endswith(" USD")
    assert parts["hour_of_day"].value == "12:00 UTC"
    assert (parts["hour_of_day"].usual, parts["device_distinct_card_24h"].value) == ("", "0")


def test_usual_is_the_decisions_own_value_or_else_the_models_median(small_model) -> None:
    name = small_model()
    decision = decide_one()
    own = {"feature": "amount", "text": "An amount.", "usual": 38.5}

    told = explain_decision(decision._replace(data={**decision.data, "reasons": [own]}))
    parts = {part.feature: part for part in told.contributions}
    assert (parts["amount"].text, parts["amount"].usual) == ("An amount.", "38.50 USD")

    told = explain_decision(decision._replace(data={**decision.data, "reasons": []}))
    usual = {part.feature: part.usual for part in told.contributions}
    model = load_model(name)
    medians = dict(zip(model.spec.features, model.medians, strict=True))
    assert usual["amount"] == f"{medians['amount'] / 100:,.2f} USD"
    assert usual["card_count_24h"] == f"{medians['card_count_24h']:g}"


def test_with_other_features_than_todays_the_recorded_reasons_are_shown(
    small_model: Callable[[], str],
) -> None:
    small_model()
    decision = decide_one()
    told = explain_decision(decision._replace(data={**decision.data, "feature_set": "0" * 64}))
    assert not told.complete
    assert "used features that are no longer declared" in told.why_not
    assert {part.text for part in told.contributions} == {
        reason["text"] for reason in decision.data["reasons"]
    }


def test_without_the_model_the_recorded_reasons_are_shown(small_model: Callable[[], str]) -> None:
    small_model()
    decision = decide_one()
    ModelArtifact.objects.all().delete()
    told = explain_decision(decision)
    assert (told.complete, told.score) == (False, decision.data["score"])
    assert told.why_not.startswith("The model can no longer be read")
    assert len(told.contributions) == len(decision.data["reasons"])


def test_a_decision_without_a_model_says_that_there_was_none(online_redis: redis.Redis) -> None:
    connections.client.cache_clear()
    told = explain_decision(decide_one())
    assert (told.contributions, told.score, told.complete) == ([], None, False)
    assert told.why_not == "No model was deployed yet; the policy of the event type decided."
