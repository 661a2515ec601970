"""An analyst backtests a draft from the page of its rule, and follows an event that would be blocked."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from selenium.webdriver.common.by import By

from scoring.jobs.queue import JobQueue
from scoring.rules.backtest.jobs import running
from scoring.rules.backtest.models import BacktestJob
from scoring.signals import redis_connections as connections
from tests.browser.axe import violations
from tests.browser.conftest import Browser, decide
from tests.factories.payments import payments
from tests.factories.rules import store_rule


def click(browser: Browser, selector: str) -> None:
    element = browser.driver.find_element(By.CSS_SELECTOR, selector)
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


@pytest.fixture
def analyst(
    browser: Browser, online_redis: Any, transactional_db: None, settings: Any, tmp_path: Any
) -> Browser:
    """Signed in, with a draft and decided events; nobody runs backtests but the test."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    store_rule(expression="amount > 18.0", outcome="block")
    decide(payments(13))
    User.objects.create_user("ana", password="secret", is_staff=True).groups.add(
        Group.objects.get(name="analyst")
    )
    browser.log_in("ana", "secret", at=reverse("admin:rule", args=["payment", "velocity"]))
    return browser


def test_a_draft_is_backtested_from_its_page(analyst: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: None)
    click(analyst, "a[href*='backtests/start']")
    analyst.wait_until(lambda: "What would it have done?" in analyst.text)
    click(analyst, "form button.ws-btn--primary")
    analyst.wait_until(lambda: "Waiting in the queue" in analyst.text)

    assert running.run_job(BacktestJob.objects.get().number)
    analyst.wait_until(lambda: "Newly blocked" in analyst.text)  # the page refreshes itself
    assert "No event is mature" in analyst.text
    assert violations(analyst.driver) == []

    if not analyst.has("a[title='payment/shop/T-12']"):
        click(analyst, "details.bt-list > summary")
    click(analyst, "a[title='payment/shop/T-12']")
    analyst.wait_until(lambda: "/events/" in analyst.path)
    assert analyst.errors() == []
