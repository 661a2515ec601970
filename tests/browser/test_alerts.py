"""An alert fires: its pages open without errors, and a click says who looks after it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import redis
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from monitoring.alerts.evaluation.evaluate import evaluate_alerts
from monitoring.alerts.models import Alert
from monitoring.alerts.rules.rule import AlertRule
from monitoring.alerts.rules.stored import change_rule
from monitoring.metrics import registry
from monitoring.metrics.metric import Metric, Observation, Unit, Worse
from monitoring.metrics.registry import metrics
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Browser

MINUTE = timedelta(minutes=1)


def observe(*, now: datetime) -> Iterator[Observation]:
    for event_type in ("payment", "login"):
        because = "A sender sends amounts in cents."
        yield Observation({"event_type": event_type}, 0.03, now - MINUTE, now, because=because, path="drift/")


@pytest.fixture
def fired(transactional_db: None, online_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Alert:
    """The alert of payments, with several recent values."""
    metrics()  # those of the product register before another takes their place
    invalid = Metric(
        "tests.invalid", "Invalid fields", "A share.", Unit.SHARE, Worse.UP, ("event_type",), observe
    )
    monkeypatch.setattr(registry, "_metrics", {invalid.name: invalid})
    since = timezone.now() - 5 * MINUTE
    rule = AlertRule("invalid", invalid.name, 0.01, for_minutes=2)
    change_rule(rule, reason="Senders err.", actor="user/ana", now=since)
    for minute in range(5):
        evaluate_alerts(now=since + minute * MINUTE)
    return Alert.objects.get(scope__event_type="payment")


def test_a_person_finds_an_alert_on_the_overview_and_acknowledges_it(browser: Browser, fired: Alert) -> None:
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret")
    browser.wait_until(lambda: "Invalid fields: 3.0" in browser.text)
    one = reverse("admin:alert", args=[fired.rule, fired.digest])
    for address in (reverse("admin:alerts"), one, reverse("admin:alert_rule", args=[fired.rule])):
        browser.open(address)
        assert (violations(browser.driver), browser.errors()) == ([], [])
    browser.resize(PHONE)
    browser.open(one)
    assert browser.overflow() <= 0
    browser.driver.find_element("css selector", "button[value=acknowledge]").click()
    browser.wait_until(lambda: "acknowledged by user/root" in browser.text)
    fired.refresh_from_db()
    assert fired.acknowledged_by == "user/root"
