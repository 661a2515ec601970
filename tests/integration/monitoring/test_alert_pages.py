"""The pages of alerts and alert rules, their command and their notices on the overview."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from monitoring.alerts import actions as action_registry
from monitoring.alerts.actions import register_action
from monitoring.alerts.evaluation.evaluate import evaluate_alerts
from monitoring.alerts.models import Alert, AlertChange, AlertSilence
from monitoring.alerts.rules.rule import AlertRule, AllowedAction
from monitoring.alerts.rules.stored import alert_rules, change_rule, find_rule
from monitoring.alerts.scopes import digest_of
from monitoring.metrics import registry
from monitoring.metrics.metric import Metric, Observation, SuggestedAlert, Unit, Worse
from monitoring.metrics.registry import metrics

pytestmark = pytest.mark.django_db(transaction=True)

PAYMENT = {"event_type": "payment"}
ALERT = {"rule_name": "late", "digest": digest_of(PAYMENT)}


def observe(*, now: Any) -> Iterator[Observation]:
    since = now - timedelta(minutes=5)
    yield Observation(
        PAYMENT, 0.12, since, now, rows=90, low=0.06, high=0.2, because="A sender is late.", path="drift/"
    )
    yield Observation({"event_type": "login"}, 0.01, since, now, rows=90)


@pytest.fixture(autouse=True)
def fired(monkeypatch: pytest.MonkeyPatch) -> Alert:
    """A firing alert on a metric that is the only one, with an action."""
    metrics(), action_registry.actions()  # those of the product register before others take their place
    late = Metric("tests.late", "Late events", "How many.", Unit.SHARE, Worse.UP, ("event_type",), observe)
    other = replace(late, name="tests.other", suggested=SuggestedAlert(0.5))
    monkeypatch.setattr(registry, "_metrics", {late.name: late, other.name: other})
    monkeypatch.setattr(action_registry, "_actions", {})
    register_action(
        "tidy", "Tidy up", lambda alert, *, now, actor: f"Tidied {alert.rule}.", "monitoring.set_triggers"
    )
    rule = AlertRule("late", "tests.late", 0.05, for_minutes=0, actions=(AllowedAction("tidy"),))
    change_rule(rule, reason="tests", actor="user/bo", now=timezone.now())
    assert len(evaluate_alerts(now=timezone.now())) == 1
    return Alert.objects.get()


def member_of(group: str) -> Client:
    client = Client()
    user = User.objects.create_user(group.replace(" ", ""), is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def text_of(client: Client, name: str, **arguments: str) -> str:
    response = client.get(reverse(f"admin:{name}", kwargs=arguments))
    assert response.status_code == 200
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def post(client: Client, name: str, data: dict[str, str], **arguments: str) -> str:
    """The page that posting leads to, or that it shows again."""
    response = client.post(reverse(f"admin:{name}", kwargs=arguments), data, follow=True)
    assert response.status_code == 200
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_says_what_is_wrong_and_leads_to_the_metric() -> None:
    page = text_of(member_of("auditor"), "alerts")
    assert "Late events: 12.0 % (payment), above 5.0 %" in page
    assert "A sender is late." in page
    assert "it fired with 12.0 %" in page
    assert "95% interval 6.0 % to 20.0 %" in page
    assert reverse("admin:drift") in page
    assert 'value="acknowledge"' not in page


def test_an_alert_is_acknowledged_snoozed_silenced_and_resolved(fired: Alert) -> None:
    lead = member_of("lead")
    page = post(lead, "alert", {"action": "acknowledge", "back": "alerts"}, **ALERT)
    assert "Every firing alert is in hand." in page
    assert "acknowledged by user/lead" in text_of(lead, "alert", **ALERT)
    assert "Nothing changed" in post(lead, "alert", {"action": "snooze", "hours": "4"}, **ALERT)
    page = post(lead, "alert", {"action": "snooze", "hours": "4", "reason": "Lunch."}, **ALERT)
    assert "No messages about this alert are sent until" in page
    fired.refresh_from_db()
    assert fired.snoozed_until is not None
    assert fired.snoozed_until > timezone.now() + timedelta(hours=3)
    post(lead, "alert", {"action": "silence", "hours": "24", "reason": "Known.", "everywhere": "1"}, **ALERT)
    silence = AlertSilence.objects.get()
    assert (silence.rule, silence.scope) == ("late", {})
    assert "Known." in text_of(lead, "alerts")
    post(lead, "alerts", {"unsilence": silence.key, "reason": "Over."})
    silence.refresh_from_db()
    assert silence.until <= timezone.now()
    page = post(lead, "alert", {"action": "resolve", "reason": "A false alarm."}, **ALERT)
    assert "A false alarm." in page
    fired.refresh_from_db()
    assert (fired.state, fired.resolved_by) == ("resolved", "user/lead")
    assert "A false alarm." in text_of(lead, "alerts")


def test_an_action_is_taken_by_those_who_may() -> None:
    """The auditor may see alerts, and not set triggers, which the action needs."""
    lead = member_of("lead")
    assert "Tidy up" in text_of(lead, "alert", **ALERT)
    assert "Tidied late." in post(lead, "alert", {"action": "tidy"}, **ALERT)
    assert AlertChange.objects.filter(change="acted").count() == 1
    assert "Action tidy: Tidied late" in text_of(lead, "alert", **ALERT)
    auditor = member_of("auditor")
    assert "Tidy up" not in text_of(auditor, "alert", **ALERT)
    address = reverse("admin:alert", kwargs=ALERT)
    assert auditor.post(address, {"action": "tidy"}).status_code == 403


def form_data(**changes: str) -> dict[str, str]:
    return {
        "on": "on",
        "metric": "tests.late",
        "scope": "event_type=payment",
        "side": "above",
        "threshold": "0.2",
        "clear_at": "0.1",
        "min_rows": "5",
        "for_minutes": "3",
        "clear_minutes": "4",
        "severity": "critical",
        "owner": "group/lead",
        "action_tidy": "automatic",
        "max_tidy": "2",
        "reason": "Fewer alerts.",
        **changes,
    }


def test_a_rule_is_tried_and_changed() -> None:
    lead = member_of("lead")
    assert "late" in text_of(lead, "alert_rules")
    trial = form_data(action="try", threshold="0.05", clear_at="", reason="")
    tried = post(lead, "alert_rule", trial, rule_name="late")
    assert "Now the condition holds in 1 of 1 scope" in tried
    assert find_rule("late").threshold == 0.05
    assert "holds from the next evaluation on" in post(lead, "alert_rule", form_data(), rule_name="late")
    rule = find_rule("late")
    assert (rule.threshold, rule.clear_at, dict(rule.scope), str(rule.severity)) == (
        0.2,
        0.1,
        PAYMENT,
        "critical",
    )
    assert rule.actions == (AllowedAction("tidy", True, 2),)
    assert "Fewer alerts." in text_of(lead, "alert_rule", rule_name="late")
    wrong = post(lead, "alert_rule", form_data(clear_at="0.5"), rule_name="late")
    assert "Must not lie above the threshold 0.2." in wrong
    assert "is not a scope; enter pairs" in post(
        lead, "alert_rule", form_data(scope="payment"), rule_name="late"
    )
    assert find_rule("late") == rule


def test_a_rule_is_added_and_removed() -> None:
    lead = member_of("lead")
    assert "Late events" in text_of(lead, "alert_rule_new")
    post(lead, "alert_rule_new", form_data(name="later"))
    assert find_rule("later").threshold == 0.2
    assert "there already is an alert rule" in post(lead, "alert_rule_new", form_data(name="later"))
    remove = {"action": "remove", "reason": "Not needed."}
    post(lead, "alert_rule", remove, rule_name="later")
    assert "later" not in alert_rules()
    assert "Nothing changed" in post(lead, "alert_rule", remove, rule_name="tests.other")


def test_an_alert_that_nobody_looks_after_is_a_notice_and_the_answer_of_the_command() -> None:
    lead = member_of("lead")
    assert "Late events: 12.0 % (payment)" in text_of(lead, "overview_parts")
    out = StringIO()
    with pytest.raises(CommandError) as answer:
        call_command("alerts", json=True, stdout=out)
    assert answer.value.returncode == 3
    [alert] = orjson.loads(out.getvalue())["alerts"]
    assert (alert["rule"], alert["scope"], alert["in_hand"]) == ("late", PAYMENT, False)
    post(lead, "alert", {"action": "acknowledge"}, **ALERT)
    assert "Late events" not in text_of(lead, "overview_parts")
    out = StringIO()
    call_command("alerts", "check", stdout=out)
    assert out.getvalue().startswith("warning: Late events: 12.0")
    assert "(in hand)" in out.getvalue()
