"""An event type is decided by rules only, from the next micro-batch on, until its models are switched on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from scoring.decisions.consumers import SHADOW
from scoring.decisions.models import ShadowScore
from scoring.event_types.payment import Payment
from scoring.intake.answers import answer_for
from scoring.lanes.models import Pending
from scoring.lanes.rebuild_queue import rebuild_pending
from scoring.log.consumers.registry import catch_up
from scoring.registry.routes import Arm
from scoring.rules.rules_only.switching import decide_by_models, decide_by_rules_only
from scoring.rules.ruleset.stream import current_version
from scoring.runner.sweep import sweep_lanes
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments
from tests.integration.lanes.test_arms import champion, lose, made, route
from tests.integration.lanes.test_ruleset_in_lanes import rule
from tests.integration.replay.test_replay import replayed

pytestmark = pytest.mark.django_db(transaction=True)

WHY: dict[str, Any] = {"reason": "scores cannot be trusted", "actor": "user/lea"}


@pytest.fixture
def models(online_redis: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two versions, neither of which is promoted; without a model, events are reviewed."""
    monkeypatch.setattr(Payment, "failure_outcome", "review")
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15, 25)


def switch_off() -> None:
    decide_by_rules_only("payment", now=datetime.now(UTC), **WHY)


def switch_on() -> None:
    decide_by_models("payment", now=datetime.now(UTC), **WHY)


def test_rules_decide_alone_until_the_models_are_switched_on_and_replay_agrees(
    models: list[str], send: Any, work: Any, admin_client: Any
) -> None:
    promote(models[0])
    rule("large", "amount > 500.0")
    rule("scored", "score >= 0.0")
    switch_off()
    send([*payments(1), *payments(1, start=1, amount="600.00")])
    work()
    page = admin_client.get(reverse("admin:model", args=[models[0]])).content.decode()
    assert "its part pauses" in page
    for number, outcome, by in ((0, "review", "policy"), (1, "block", "rule")):
        data = made(number).data
        assert (data["outcome"], data["decided_by"], data["score"]) == (outcome, by, None)
        assert (data["basis"], data["cause"], data["model"]) == ("fallback", "rules_only", "")
        assert data["ruleset"] == current_version()
        assert [each["name"] for each in data["unseen"]] == ["scored"]
    switch_on()
    send(payments(1, start=2))
    work()
    assert (made(2).data["basis"], made(2).data["model"]) == ("model", models[0])
    assert replayed().is_identical


def test_a_decision_by_rules_only_is_final(models: list[str], send: Any, work: Any) -> None:
    promote(models[0])
    switch_off()
    send(payments(2))
    work()
    switch_on()
    rebuild_pending()
    assert not Pending.objects.filter(kind="rescore").exists()
    assert answer_for("payment/shop/T-0")["revisions"] == []


def test_a_decision_that_a_model_failed_to_make_is_revised_once_models_decide_again(
    models: list[str], send: Any, work: Any
) -> None:
    promote(models[0])
    lose(models[0])
    send(payments(1))
    work()
    promote(models[1])
    switch_off()
    sweep_lanes(now=datetime.now(UTC) + timedelta(minutes=5))
    work()
    assert answer_for("payment/shop/T-0")["revisions"] == []
    switch_on()
    sweep_lanes(now=datetime.now(UTC) + timedelta(hours=2))
    work()
    assert answer_for("payment/shop/T-0")["current_decision"]["model"] == models[1]


def test_shadow_models_pause(models: list[str], send: Any, work: Any) -> None:
    route(champion(models[0]), Arm("shadow-2", models[1], "shadow", 1.0))
    switch_off()
    send(payments(2))
    work()
    switch_on()
    send(payments(1, start=2))
    work()
    catch_up(SHADOW, now=datetime.now(UTC))
    assert ShadowScore.objects.count() == 1
