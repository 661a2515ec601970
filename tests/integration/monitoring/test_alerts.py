"""Alerts: evaluation over real tables, what people do with alerts, actions, rebuild, the suggested rules."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import numpy as np
import pytest
import redis
from django.core.management import call_command
from django.urls import resolve, reverse

from monitoring.alerts import actions as action_registry
from monitoring.alerts.acting import act, act_by_itself
from monitoring.alerts.actions import register_action
from monitoring.alerts.errors import (
    ActionNotAllowed,
    AlertNotFiring,
    AlertRuleUnchanged,
    NotSilenced,
    UnknownAction,
    UnknownAlert,
    UnknownAlertRule,
    UntilNotAllowed,
)
from monitoring.alerts.evaluation.evaluate import GONE, RULE_OFF, evaluate_alerts
from monitoring.alerts.handling import acknowledge, record_sent, silence, snooze, unsilence
from monitoring.alerts.handling import resolve as resolve_by_hand
from monitoring.alerts.models import (
    Alert,
    AlertChange,
    AlertSilence,
    AlertTimer,
    MetricCheck,
    RecentValues,
    StoredAlertRule,
)
from monitoring.alerts.rules.rule import AlertRule, AllowedAction, Severity
from monitoring.alerts.rules.stored import alert_rules, change_rule, find_rule, history, remove_rule
from monitoring.alerts.scopes import key_of
from monitoring.metrics import registry
from monitoring.metrics.metric import Metric, Observation, Unit, Worse
from monitoring.metrics.registry import metrics
from monitoring.tasks import check_alerts
from monitoring.windows.hourly import WINDOWS
from scoring.errors import ScoringError
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.rules.ruleset.errors import ReasonRequired
from tests.factories.log import NOW, decided, received

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WHO: dict[str, Any] = {"actor": "user/bo", "now": NOW}
PAYMENT, LOGIN = {"event_type": "payment"}, {"event_type": "login"}
RULE = AlertRule("late", "tests.lateness", threshold=10, for_minutes=2, clear_minutes=2)
KEY, LOGIN_KEY = key_of("late", PAYMENT), key_of("late", LOGIN)
TABLES = ["storedalertrule", "alert", "alertchange", "alertsilence"]


@pytest.fixture
def values(online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The values by event type of a metric that is the only one; an exception is raised when observed."""
    found: dict[str, Any] = {"payment": 1.0}
    metrics()  # those of the product register before others take their place

    def observe(*, now: Any) -> Iterator[Observation]:
        for event_type, value in found.items():
            if isinstance(value, Exception):
                raise value
            scope = {"event_type": event_type}
            yield Observation(scope, value, now - MINUTE, now, because="A sender slowed down.", path="drift/")

    metric = Metric(
        "tests.lateness", "Lateness", "How late.", Unit.NUMBER, Worse.UP, ("event_type",), observe
    )
    monkeypatch.setattr(registry, "_metrics", {metric.name: metric})
    change_rule(RULE, reason="tests", **WHO)
    return found


@pytest.fixture
def deeds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The alerts for which the action "tidy" was taken; "refuse" raises."""
    action_registry.actions()  # those of the product register before others take their place
    monkeypatch.setattr(action_registry, "_actions", {})
    done: list[str] = []

    def tidy(alert: Alert, *, now: Any, actor: str) -> str:
        done.append(alert.key)
        return "Tidied up."

    def refuse(alert: Alert, *, now: Any, actor: str) -> str:
        raise ScoringError("there is nothing to tidy up")

    register_action("tidy", "Tidy up", tidy, "monitoring.handle_alert")
    register_action(
        "refuse", "Refuse", refuse, "monitoring.handle_alert", fits=lambda alert: bool(alert.scope)
    )
    return done


def check(minute: float) -> list[str]:
    """The types of the entries that the evaluation of this minute writes."""
    return [entry.type for entry in evaluate_alerts(now=NOW + minute * MINUTE)]


def check_until(minute: int, *, start: int = 0) -> list[str]:
    return [kind for each in range(start, minute + 1) for kind in check(each)]


def entries(key: str = KEY) -> list[Entry]:
    return read_stream(f"alert/{key}")


def test_drift_of_what_a_faulty_field_is_read_for_is_grouped_with_the_alert_about_the_field(
    online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics()  # those of the product register before others take their place
    amount = {**PAYMENT, "source": "north", "field": "amount"}
    model = {**PAYMENT, "model": "payment-1"}
    values = {"range": 0.5, "drift": 0.0}

    def observing(name: str, scope: dict[str, str], fields: tuple[str, ...]) -> Callable[..., Any]:
        return lambda *, now: [
            Observation(scope, values[name], now - HOUR, now, because="Why.", fields=fields)
        ]

    monkeypatch.setattr(registry, "_metrics", {})
    for name, scope, fields in (("range", amount, ()), ("drift", model, ("card", "amount"))):
        observe = observing(name, scope, fields)
        full = f"tests.{name}"
        registry.register_metric(Metric(full, name, "", Unit.SHARE, Worse.UP, tuple(scope), observe))
        change_rule(AlertRule(name, full, threshold=0.1, for_minutes=0), reason="tests", **WHO)

    assert check(0) == ["alert.fired"]
    values["drift"] = 0.5
    assert check(240) == ["alert.fired"]

    follows = Alert.objects.get(rule="drift")
    assert follows.parent == key_of("range", amount)
    assert follows.because == "Follows from another alert: amount of north. Why."


def test_an_alert_fires_with_its_cause_and_resolves(values: dict[str, Any]) -> None:
    assert check_until(3) == []
    values["payment"] = 12.5
    assert check_until(5, start=4) == []
    assert check(6) == ["alert.fired"]
    assert check(7) == []

    [fired] = entries()
    assert fired.metadata["actor"] == "alerts"
    told = {name: fired.data[name] for name in ("rule", "metric", "scope", "severity", "owner", "value")}
    assert told == {
        "rule": "late",
        "metric": "tests.lateness",
        "scope": PAYMENT,
        "severity": "warning",
        "owner": "group/lead",
        "value": 12.5,
    }
    assert fired.data["because"] == "A sender slowed down."
    assert (fired.data["flapping"], fired.data["parent"], fired.data["threshold"]) == (False, "", 10)
    alert = Alert.objects.get()
    assert (alert.state, alert.since, alert.fired_at) == ("firing", NOW + 4 * MINUTE, NOW + 6 * MINUTE)

    values["payment"] = 10.0
    assert check_until(9, start=8) == []
    assert check(10) == ["alert.resolved"]
    alert.refresh_from_db()
    assert (alert.state, alert.resolved_by, alert.resolved_at) == ("resolved", "alerts", NOW + 10 * MINUTE)
    assert entries()[1].data["value"] == 10.0
    assert not AlertTimer.objects.exists()
    row = RecentValues.objects.get()
    assert (len(row.times), row.values[-1]) == (11, 10.0)


def test_neither_missing_values_nor_errors_resolve(values: dict[str, Any]) -> None:
    values["payment"] = 12
    assert check_until(2) == ["alert.fired"]
    values["payment"] = None
    assert check_until(20, start=3) == []
    values["payment"] = ValueError("no such table")
    assert check(21) == []
    assert MetricCheck.objects.get().error == "ValueError: no such table"
    assert Alert.objects.get().state == "firing"


def test_a_scope_that_is_gone_resolves_after_a_day(values: dict[str, Any]) -> None:
    values["payment"] = 12
    check_until(2)
    del values["payment"]
    assert check(3) == []
    assert check(3 + 24 * 60) == ["alert.resolved"]
    assert Alert.objects.get().resolved_reason == GONE


def test_what_a_metric_gives_is_checked(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy's numbers are numbers, infinity is no value, and a scope has one observation."""
    change_rule(replace(RULE, for_minutes=0), reason="at once", **WHO)
    values |= {"payment": np.float64(12), "login": math.inf}
    assert check(0) == ["alert.fired"]
    assert Alert.objects.get().scope == PAYMENT
    twice = [Observation(PAYMENT, 1.0, NOW, NOW)] * 2
    metric = replace(metrics()["tests.lateness"], observe=lambda *, now: twice)
    monkeypatch.setattr(registry, "_metrics", {metric.name: metric})
    assert check(1) == []
    assert "there are two observations" in MetricCheck.objects.get().error


def test_a_gap_between_checks_begins_the_time_anew(values: dict[str, Any]) -> None:
    values["payment"] = 12
    assert check(0) == []
    assert check(30) == []
    assert check(32) == ["alert.fired"]


def test_switching_a_rule_off_or_narrowing_it_resolves_its_alerts(values: dict[str, Any]) -> None:
    values |= {"payment": 12, "login": 12}
    assert check_until(2) == ["alert.fired", "alert.fired"]
    change_rule(replace(RULE, scope=LOGIN), reason="only log-ins", **WHO)
    assert check(3) == ["alert.resolved"]
    assert Alert.objects.get(pk=KEY).resolved_reason == RULE_OFF
    change_rule(replace(RULE, on=False), reason="off", **WHO)
    assert check(4) == ["alert.resolved"]


def test_a_metric_is_observed_as_often_as_it_says(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hourly = replace(metrics()["tests.lateness"], every=HOUR)
    monkeypatch.setattr(registry, "_metrics", {hourly.name: hourly})
    change_rule(replace(RULE, for_minutes=60), reason="hourly", **WHO)
    values["payment"] = 12
    assert check_until(59) == []
    assert check(60) == ["alert.fired"]
    assert len(RecentValues.objects.get().times) == 2


def test_an_alert_of_a_rare_metric_is_not_gone_between_its_checks(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    daily = replace(metrics()["tests.lateness"], every=DAY)
    monkeypatch.setattr(registry, "_metrics", {daily.name: daily})
    change_rule(replace(RULE, for_minutes=0), reason="daily", **WHO)
    values["payment"] = 12
    assert check(0) == ["alert.fired"]
    del values["payment"]
    for day in (1, 2, 3):
        assert check(day * 24 * 60) == []
    assert check(3 * 24 * 60 + 1) == ["alert.resolved"]


def test_alerts_of_one_event_type_are_grouped(values: dict[str, Any]) -> None:
    values["payment"] = 12
    worse = replace(RULE, name="worse", severity=Severity.CRITICAL)
    change_rule(worse, reason="tests", **WHO)
    assert check_until(2) == ["alert.fired", "alert.fired"]
    parents = dict(Alert.objects.values_list("rule", "parent"))
    assert parents == {"worse": "", "late": key_of("worse", PAYMENT)}


def test_an_alert_that_fires_for_the_third_time_flaps(values: dict[str, Any]) -> None:
    change_rule(replace(RULE, for_minutes=0, clear_minutes=0), reason="at once", **WHO)
    for minute in range(5):
        values["payment"] = 12 if minute % 2 == 0 else 1
        assert len(check(minute)) == 1
    assert [entry.data["flapping"] for entry in entries() if entry.type == "alert.fired"] == [
        False,
        False,
        True,
    ]
    values["payment"] = 1
    assert check_until(60, start=5) == []
    assert check_until(65, start=61) == ["alert.resolved"]


def test_a_silenced_scope_does_not_fire_until_the_silence_ends(values: dict[str, Any]) -> None:
    values |= {"payment": 12, "login": 12}
    silence(RULE, PAYMENT, until=NOW + HOUR, reason="Known.", **WHO)
    assert check_until(4) == ["alert.fired"]
    assert Alert.objects.get().scope == LOGIN
    unsilence(KEY, reason="Over.", actor="user/bo", now=NOW + 5 * MINUTE)
    assert check_until(7, start=5) == ["alert.fired"]
    with pytest.raises(NotSilenced):
        unsilence(KEY, reason="Over.", actor="user/bo", now=NOW + 6 * MINUTE)
    silence(RULE, {}, until=NOW + HOUR, reason="All of it.", **WHO)
    assert AlertSilence.objects.get(pk=key_of("late", {})).silenced_by == "user/bo"


def test_people_acknowledge_snooze_and_resolve_firing_alerts(values: dict[str, Any]) -> None:
    with pytest.raises(UnknownAlert):
        acknowledge(KEY, **WHO)
    values["payment"] = 12
    check_until(2)
    later: dict[str, Any] = {"actor": "user/bo", "now": NOW + 3 * MINUTE}
    acknowledge(KEY, reason="On it.", **later)
    with pytest.raises(ReasonRequired):
        snooze(KEY, until=NOW + HOUR, reason=" ", **later)
    with pytest.raises(UntilNotAllowed):
        snooze(KEY, until=NOW + 8 * DAY, reason="Long.", **later)
    snooze(KEY, until=NOW + HOUR, reason="Lunch.", **later)
    record_sent(KEY, {"owner": "group/lead", "channel": "email"}, actor="notifications", now=NOW + 3 * MINUTE)
    alert = Alert.objects.get()
    assert (alert.acknowledged_by, alert.snoozed_until) == ("user/bo", NOW + HOUR)

    resolve_by_hand(KEY, reason="A false alarm.", **later)
    with pytest.raises(AlertNotFiring):
        acknowledge(KEY, **later)
    assert check_until(9, start=4) == []  # held although the condition still holds
    values["payment"] = 1
    check(10)
    values["payment"] = 12
    assert check_until(13, start=11) == ["alert.fired"]
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.snoozed_until, alert.resolved_at) == ("", None, None)
    changes = list(AlertChange.objects.order_by("position").values_list("change", flat=True))
    assert changes == ["fired", "acknowledged", "snoozed", "sent", "resolved", "fired"]


def test_people_take_the_actions_that_the_rule_offers(values: dict[str, Any], deeds: list[str]) -> None:
    change_rule(replace(RULE, actions=(AllowedAction("refuse"),)), reason="tests", **WHO)
    values["payment"] = 12
    check_until(2)
    with pytest.raises(UnknownAction):
        act(KEY, "jump", **WHO)
    with pytest.raises(ActionNotAllowed):
        act(KEY, "tidy", **WHO)
    entry = act(KEY, "refuse", **WHO)
    assert entry.data == {
        "action": "refuse",
        "automatic": False,
        "result": "",
        "why_not": "there is nothing to tidy up",
    }
    assert deeds == []


def test_automatic_actions_are_taken_once_a_firing_and_so_often_a_day(
    values: dict[str, Any], deeds: list[str]
) -> None:
    at_once = replace(RULE, for_minutes=0, clear_minutes=0)
    change_rule(replace(at_once, actions=(AllowedAction("tidy", True, 1),)), reason="tests", **WHO)
    values["payment"] = 12
    assert [*check(0), *act_types(0), *act_types(1)] == ["alert.fired", "alert.acted"]
    values["payment"] = 1
    check(2)
    values["payment"] = 12
    assert [*check(3), *act_types(3), *act_types(4)] == ["alert.fired", "alert.acted"]
    acted = [entry.data for entry in entries() if entry.type == "alert.acted"]
    assert [each["result"] for each in acted] == ["Tidied up.", ""]
    assert acted[1]["why_not"] == "the rule allows it 1 times within 24 hours"
    assert deeds == [KEY]


def act_types(minute: int) -> list[str]:
    return [entry.type for entry in act_by_itself(now=NOW + minute * MINUTE)]


def test_rules_are_changed_and_removed_with_a_reason(values: dict[str, Any]) -> None:
    with pytest.raises(AlertRuleUnchanged):
        change_rule(RULE, reason="again", **WHO)
    with pytest.raises(ReasonRequired):
        change_rule(replace(RULE, threshold=11), reason="", **WHO)
    assert StoredAlertRule.objects.get().changed_by == "user/bo"
    remove_rule("late", reason="Not needed.", **WHO)
    with pytest.raises(UnknownAlertRule):
        find_rule("late")
    with pytest.raises(UnknownAlertRule):
        remove_rule("late", reason="Not needed.", **WHO)
    change_rule(RULE, reason="After all.", **WHO)
    assert find_rule("late") == RULE
    assert [entry.type for entry in history("late")] == [
        "alert_rule.changed",
        "alert_rule.removed",
        "alert_rule.changed",
    ]


def test_tables_are_rebuilt_from_the_log(values: dict[str, Any]) -> None:
    values |= {"payment": 12, "login": 12}
    check_until(2)
    acknowledge(KEY, **WHO)
    resolve_by_hand(LOGIN_KEY, reason="A false alarm.", **WHO)
    silence(RULE, PAYMENT, until=NOW + HOUR, reason="Known.", **WHO)
    models: list[Any] = [StoredAlertRule, Alert, AlertChange, AlertSilence]
    before = [list(model.objects.order_by("pk").values()) for model in models]
    call_command("rebuild", projection=TABLES, verbosity=0, stdout=StringIO())
    assert [list(model.objects.order_by("pk").values()) for model in models] == before


def test_quiet_evaluations_take_few_queries(
    values: dict[str, Any], django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    values |= {f"type{number}": 1.0 for number in range(50)}
    check(0)
    with django_assert_max_num_queries(16):  # however many scopes there are
        assert check(1) == []


def test_the_suggested_rules_fire_on_troubles_and_are_quiet_without(online_redis: redis.Redis) -> None:
    """All metrics of the product, observed over real tables."""
    events = append([received(f"e-{number}") for number in range(50)], now=NOW - 3 * MINUTE)
    append([decided(event) for event in events], now=NOW - 3 * MINUTE)
    catch_up(WINDOWS, now=NOW)
    rules = [name for name, rule in alert_rules().items() if rule.on]
    assert {"lanes.parked", "decisions.fallback_share", "breakers.open"} <= set(rules)
    for minute in range(12):
        assert check_alerts_at(minute) == []
    assert set(MetricCheck.objects.values_list("error", flat=True)) == {""}

    failed = append([received(f"f-{number}") for number in range(50)], now=NOW + 12 * MINUTE)
    append([decided(event, basis="fallback", cause="timeout") for event in failed], now=NOW + 12 * MINUTE)
    catch_up(WINDOWS, now=NOW + 12 * MINUTE)
    for minute in range(13, 18):
        check_alerts_at(minute)
    alert = Alert.objects.get()
    assert alert.rule == "decisions.fallback_share"
    assert (alert.value, alert.rows, alert.scope) == (1.0, 50, PAYMENT)
    assert "no decision in time (50)" in alert.because


def test_every_observation_leads_to_a_page(online_redis: redis.Redis) -> None:
    append([received("e-1")], now=NOW)
    seen = [each for metric in metrics().values() for each in metric.observe(now=NOW)]
    for path in {each.path for each in seen if each.path}:
        resolve(reverse("admin:index") + path.partition("?")[0])


def check_alerts_at(minute: int) -> list[str]:
    return [entry.stream for entry in evaluate_alerts(now=NOW + minute * MINUTE)]


def test_the_task_evaluates_and_acts(values: dict[str, Any]) -> None:
    values["payment"] = 12
    change_rule(replace(RULE, for_minutes=0), reason="at once", **WHO)
    assert check_alerts() == ["alert.fired"]
