"""A wrong rule blocks every payment. The breaker holds the blast; a lead finds it, and resets the breaker."""

import pytest
import redis
from django.contrib.auth.models import Group, User
from selenium.webdriver.common.by import By

from scoring.decisions.models import Decision
from scoring.event_types.payment import Payment
from scoring.rules.breaker.models import BreakerState
from scoring.rules.ruleset.stream import append_changes, iter_changes
from scoring.signals import redis_connections as connections
from tests.browser.axe import violations
from tests.browser.conftest import Browser, decide
from tests.factories.log import NOW
from tests.factories.payments import payments
from tests.factories.rules import rule_version, staged, store_rule


@pytest.fixture
def blast(online_redis: redis.Redis, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred good payments, of which the last sixty come after a wrong rule."""
    connections.client.cache_clear()
    monkeypatch.setattr(Payment, "no_model_outcome", "allow")
    store_rule("active", name="kind_of_goods", expression="has(category)", outcome="review")
    decide(payments(40))
    store_rule("active", name="any_amount", expression="amount > 0.0", outcome="block")
    decide(payments(60, start=40))


@pytest.fixture
def lead(transactional_db: None) -> User:
    user = User.objects.create_user("lea", password="secret", is_staff=True)
    user.groups.add(Group.objects.get(name="lead"))
    return user


def outcomes(start: int) -> list[str]:
    """The outcomes of payments from the number `start` on."""
    return list(Decision.objects.order_by("position").values_list("outcome", flat=True)[start:])


@pytest.mark.usefixtures("blast", "lead")
def test_a_lead_sees_what_tripped_the_breaker_and_resets_it(browser: Browser) -> None:
    assert outcomes(40) == ["block"] * 16 + ["review"] * 44

    browser.log_in("lea", "secret", at="/admin/")
    assert "The breaker of payment from shop opened" in browser.text
    assert "17 of the latest 40 events would be blocked" in browser.text
    assert "Rule any_amount asked for 17 of these blocks." in browser.text
    browser.driver.find_element(By.LINK_TEXT, "Reset the breaker").click()
    browser.wait_until(lambda: browser.path == "/admin/breakers/")
    assert "payment from shop: blocks become reviews" in browser.text
    assert violations(browser.driver) == []

    take_out("any_amount")
    browser.driver.find_element(By.NAME, "reason").send_keys("any_amount was wrong; it is archived.")
    browser.driver.find_element(By.NAME, "reset").click()
    browser.wait_until(lambda: browser.has("dialog"))
    assert "events from shop are blocked again" in browser.text
    browser.driver.find_element(By.CSS_SELECTOR, "dialog [value=yes]").click()
    browser.wait_until(lambda: "No breaker is open." in browser.text)
    assert "reset by user/lea: any_amount was wrong; it is archived." in browser.text
    assert "Closed breakers" in browser.text
    assert violations(browser.driver) == []
    assert browser.errors() == []

    decide(payments(30, start=100))
    assert outcomes(100) == ["review"] * 30  # by the other rule
    assert [entry.type for entry in iter_changes(types=["breaker.reset"])] == ["breaker.reset"]
    state = BreakerState.objects.get()
    assert (state.until, state.closed_by, state.closed_cause) == (None, "user/lea", "reset")


def take_out(name: str) -> None:
    archived = staged(rule_version(name=name, expression="amount > 0.0", outcome="block"), "archived")
    append_changes([archived], actor="user/lea", now=NOW)
