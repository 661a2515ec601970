"""The actions of alerts: each does what people could do on its page, and names the alert as the cause."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Permission
from kombu.exceptions import OperationalError

from monitoring.alerts.acting import act, act_by_itself
from monitoring.alerts.actions import actions
from monitoring.alerts.entries import append_about, changing
from monitoring.alerts.errors import ActionNotAllowed
from monitoring.alerts.models import Alert
from monitoring.alerts.rules.rule import AlertRule, AllowedAction
from monitoring.alerts.rules.stored import change_rule, suggested_rules
from monitoring.alerts.scopes import key_of
from reviews.models import Case
from scoring.learning.models import TrainingJob
from scoring.learning.promotion import promote as promotion
from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.registry.models import ModelVersion
from scoring.registry.routes import route_of
from scoring.rules.rules_only.models import RulesOnlySwitch
from tests.factories.log import NOW, decided, received
from tests.integration.monitoring.made_up import add_model

pytestmark = pytest.mark.django_db(transaction=True)

WHO: dict[str, Any] = {"actor": "user/bo", "now": NOW}
PAYMENT = {"event_type": "payment"}
RULE = AlertRule(
    "bad_decisions",
    "decisions.fallback_share",
    threshold=0.01,
    actions=(
        AllowedAction("roll_back"),
        AllowedAction("stop_canary"),
        AllowedAction("rules_only"),
        AllowedAction("retrain"),
        AllowedAction("publish_views"),
        AllowedAction("open_review_sample"),
    ),
)
KEY = key_of(RULE.name, PAYMENT)


@pytest.fixture
def models(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three approved versions; the second is champion after the first."""
    monkeypatch.setattr(promotion, "require_usable", lambda version: None)
    names = [add_model(number) for number in (1, 2, 3)]
    ModelVersion.objects.update(status=ModelVersion.Status.APPROVED)
    for name in names[:2]:
        promotion.promote(name, **WHO)
    return names


@pytest.fixture
def alert() -> Alert:
    change_rule(RULE, reason="tests", **WHO)
    return fire()


def fire(*, at: Any = NOW, scope: dict[str, str] = PAYMENT) -> Alert:
    data = {
        "rule": RULE.name,
        "metric": RULE.metric,
        "scope": scope,
        "severity": "critical",
        "owner": "group/lead",
        "value": 0.25,
        "low": 0.2,
        "high": 0.3,
        "rows": 100,
        "side": "above",
        "threshold": 0.01,
        "since": at,
        "because": "",
        "path": "",
        "runbook": "",
        "flapping": False,
        "parent": "",
    }
    key = key_of(RULE.name, scope)
    with changing(key):
        append_about(key, "fired", data, actor="alerts", now=at)
    return Alert.objects.get(pk=key)


def take(name: str, **by: Any) -> Entry:
    return act(KEY, name, **{**WHO, **by})


def champion() -> str:
    route = route_of("payment")
    assert route is not None
    return route.champion.model


def test_the_champion_is_rolled_back_with_the_alert_as_the_reason(models: list[str], alert: Alert) -> None:
    entry = take("roll_back")
    assert entry.data["result"] == "payment is rolled back from payment-2 to payment-1."
    assert champion() == models[0]
    changed = read_stream("route/payment")[-1]
    assert KEY in changed.data["reason"]
    assert changed.metadata["actor"] == "user/bo"


def test_without_an_earlier_champion_the_entry_says_why_nothing_was_done(
    models: list[str], alert: Alert
) -> None:
    take("roll_back")
    entry = take("roll_back")
    assert entry.data["result"] == ""
    assert "payment" in entry.data["why_not"]
    assert champion() == models[0]


def test_a_canary_is_stopped_and_only_offered_where_there_is_one(models: list[str], alert: Alert) -> None:
    with pytest.raises(ActionNotAllowed):
        take("stop_canary")
    promotion.start_canary(models[2], share=0.2, **WHO)
    assert take("stop_canary").data["result"] == (
        "The canary payment-3 is stopped; payment-2 decides its share."
    )
    route = route_of("payment")
    assert route is not None
    assert route.canary is None


def test_a_training_is_queued_once_with_the_alert_as_its_cause(
    models: list[str], alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.responses.alert_actions.usual_options", lambda champion: None)
    monkeypatch.setattr("scoring.jobs.queue.JobQueue.send_message", lambda queue, number: None)
    entry = take("retrain")
    job = TrainingJob.objects.get()
    assert entry.data["result"] == f"Training {job.number} of payment is queued."
    assert job.requested_by == "user/bo"
    assert (job.trigger["trigger"], job.trigger["model"]) == ("alert", "payment-2")
    assert job.trigger["text"].startswith("Share of fallbacks: 25.0")
    again = take("retrain")
    assert again.data["why_not"] == f"training {job.number} has not ended yet"
    assert TrainingJob.objects.count() == 1


def test_no_training_without_a_champion(alert: Alert) -> None:
    assert "no model decides payment yet" in take("retrain").data["why_not"]


def test_publishing_is_requested_or_the_broker_is_away(alert: Alert, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    place = "monitoring.responses.alert_actions.request_publishing"
    monkeypatch.setattr(place, lambda: asked.append(True))
    assert take("publish_views").data["why_not"] == ""
    assert asked == [True]

    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(place, away)
    assert take("publish_views").data["why_not"] == "the broker cannot be reached"


def test_a_review_sample_is_opened(alert: Alert) -> None:
    assert "no decision of payment" in take("open_review_sample").data["why_not"]
    events = append([received(f"T-{number}") for number in range(50)], now=NOW)
    append([decided(event, decided_at=NOW) for event in events], now=NOW)
    assert take("open_review_sample").data["result"] == (
        "30 random decisions of payment are in the review queue."
    )
    assert set(Case.objects.values_list("why", "state")) == {("sample", "open")}


def test_an_event_type_is_decided_by_rules_only_because_of_an_alert(models: list[str], alert: Alert) -> None:
    assert take("rules_only").data["result"] == (
        "Rules only: no model decides payment until people switch its models on again."
    )
    switch = RulesOnlySwitch.objects.get()
    assert (switch.event_type, switch.on, switch.changed_by) == ("payment", True, "user/bo")
    assert KEY in switch.reason
    with pytest.raises(ActionNotAllowed):
        take("rules_only")


def test_an_automatic_action_is_taken_once_a_firing_and_at_most_as_often_as_the_rule_says(
    models: list[str], alert: Alert
) -> None:
    automatic = AlertRule(
        RULE.name, RULE.metric, threshold=0.01, actions=(AllowedAction("roll_back", True, max_a_day=1),)
    )
    change_rule(automatic, reason="tests", **WHO)
    (entry,) = act_by_itself(now=NOW)
    assert (entry.data["automatic"], entry.metadata["actor"]) == (True, "alerts")
    assert champion() == models[0]
    assert act_by_itself(now=NOW) == []
    promotion.promote(models[2], **WHO)
    later = NOW + timedelta(hours=2)
    with changing(KEY):
        append_about(KEY, "resolved", {"value": 0.0, "reason": "over"}, actor="alerts", now=later)
    fire(at=later)
    (refused,) = act_by_itself(now=later)
    assert refused.data["why_not"] == "the rule allows it 1 times within 24 hours"
    assert champion() == models[2]


def test_an_alert_about_no_event_type_offers_only_what_concerns_the_installation(models: list[str]) -> None:
    other = fire(scope={"consumer": "reviews.cases"})
    offered = {name for name, action in actions().items() if action.fits(other)}
    assert offered == {"publish_views"}


def test_suggested_rules_offer_actions_that_exist_and_take_none_by_themselves() -> None:
    offered = [action for rule in suggested_rules().values() for action in rule.actions]
    assert {action.name for action in offered} == set(actions())
    assert not any(action.automatic for action in offered)


def test_every_action_says_what_it_changes_and_needs_a_permission_that_exists() -> None:
    known = {
        f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")
    }
    for action in actions().values():
        assert action.effect.endswith(".")
        assert action.may in known
