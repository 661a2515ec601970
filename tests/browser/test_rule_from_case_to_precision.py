"""An analyst drafts a rule from a case and backtests it; a lead activates it; labels show its precision."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from reviews.models import Case
from scoring.decisions.models import Decision
from scoring.event_types.payment import Payment
from scoring.intake.labels import LabelStatement, record_labels
from scoring.rules.backtest.jobs import running
from scoring.signals import redis_connections as connections
from tests.browser.axe import violations
from tests.browser.conftest import Browser, decide
from tests.factories.payments import payments

PAGE = "/admin/rules/payment/large_amount/"
LABELS = {"T-23": "fraud", "T-24": "fraud", "T-25": "legitimate"}  # of the payments that the rule will hit


@pytest.fixture
def first_payments(
    online_redis: redis.Redis,
    transactional_db: None,
    settings: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Thirteen payments sent to review before any rule, of a type whose labels mature at once."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    monkeypatch.setattr(Payment, "matures_after", timedelta(days=-2))
    decide(payments(13))


@pytest.fixture(autouse=True)
def people(transactional_db: None) -> None:
    for name, group in (("ana", "analyst"), ("lea", "lead")):
        user = User.objects.create_user(name, password="secret", is_staff=True)
        user.groups.add(Group.objects.get(name=group))


def click(browser: Browser, selector: str) -> None:
    browser.driver.find_element(By.CSS_SELECTOR, selector).click()


def follow(browser: Browser, text: str) -> None:
    browser.driver.find_element(By.PARTIAL_LINK_TEXT, text).click()


def sign_in(browser: Browser, name: str, *, at: str) -> None:
    browser.driver.delete_all_cookies()
    browser.log_in(name, "secret", at=at)


def label(event: str, value: str) -> None:
    statement = LabelStatement("payment", event, value, "chargeback")
    record_labels([statement], source="shop", now=datetime.now(UTC))


def draft_from_case(browser: Browser, event: str) -> None:
    """From the case of an event to a saved rule; its suggested condition is replaced."""
    case = Case.objects.get(event_stream=f"payment/shop/{event}")
    sign_in(browser, "ana", at=f"/admin/cases/{case.pk}/")
    browser.press("d")
    browser.wait_until(lambda: browser.path.startswith("/admin/rules/new/"))
    area = browser.driver.find_element(By.ID, "expression")
    assert "amount >= 21.5" in str(area.get_property("value"))
    area.clear()
    area.send_keys("amount >= 20", Keys.ESCAPE)
    browser.wait_until(lambda: "The condition is valid" in browser.text)
    click(browser, "#run-preview")
    browser.wait_until(lambda: "3 of 13 events" in browser.text)
    name = browser.driver.find_element(By.ID, "rule-name")
    name.clear()
    name.send_keys("large_amount")
    browser.driver.find_element(By.ID, "rule-sentence").send_keys("A large amount")
    browser.driver.find_element(By.ID, "rule-outcome").send_keys("block")
    click(browser, "#rule-form [type=submit]")
    browser.wait_until(lambda: browser.path == PAGE)


def backtest(browser: Browser) -> None:
    follow(browser, "Backtest version 1")
    browser.wait_until(lambda: browser.path.startswith("/admin/backtests/start/"))
    click(browser, "form .ws-btn--primary")
    browser.wait_until(lambda: browser.path == "/admin/backtests/1/")
    assert running.run_job(1)
    browser.open("/admin/backtests/1/")
    browser.wait_until(lambda: "T-12" in browser.text)
    assert violations(browser.driver) == []


def request_activation(browser: Browser, reason: str) -> None:
    browser.open(PAGE)
    click(browser, ".lc-more > summary")
    browser.driver.find_element(By.NAME, "reason").send_keys(reason)
    click(browser, "[value=request]")
    browser.wait_until(lambda: "Someone else must approve it" in browser.text)


def approve_from_overview(browser: Browser, *, reason: str) -> None:
    sign_in(browser, "lea", at="/admin/")
    requested = "ana requested the activation of version 1 of rule large_amount"
    browser.wait_until(lambda: requested in browser.text)
    follow(browser, "Open the rule")
    browser.wait_until(lambda: browser.path == PAGE)
    assert reason in browser.text
    click(browser, "[value=approve]")
    browser.wait_until(lambda: browser.has("dialog[open]"))
    click(browser, "dialog [value=yes]")
    browser.wait_until(lambda: "Version 1 of large_amount is active" in browser.text)


@pytest.mark.usefixtures("first_payments")
def test_a_rule_from_a_case_is_backtested_activated_and_judged_by_labels(browser: Browser) -> None:
    draft_from_case(browser, "T-11")
    backtest(browser)
    request_activation(browser, "Backtest 1: three hits")
    approve_from_overview(browser, reason="Backtest 1: three hits")

    decide(payments(13, start=13))
    blocked = Decision.objects.filter(outcome="block").order_by("position")
    assert [each.decided_by for each in blocked] == ["rule"] * 3
    for event, value in LABELS.items():
        label(event, value)
    decide([])

    browser.open(PAGE)
    for expected in ("3 of 26 events", "66.7\N{NO-BREAK SPACE}%", "from 3 mature events"):
        assert expected in browser.text
    assert violations(browser.driver) == []
    assert browser.errors() == []
