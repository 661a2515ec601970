"""A lead saves a query, makes a queue of it, decides everything that it finds, and takes that back."""

from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from reviews.investigation.bulk import actions
from reviews.investigation.bulk.tasks import run_bulk_action
from reviews.models import BulkAction, Case, ReviewQueue, SavedQuery
from reviews.pages.investigations.bulk import action_page, preview_page
from scoring.intake.models import Label
from scoring.signals import redis_connections as connections
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Browser, decide
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments

CONSOLE = "/admin/investigate/?type=payment&q=amount+%3E%3D+0&period=24h"
CASES = 4


@pytest.fixture
def lead(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Path) -> None:
    """Payments with open cases, and the lead who looks at them."""
    settings.VAR_DIR = tmp_path / "var"
    settings.INVESTIGATION_URL = str(tmp_path / "investigation")
    settings.INVESTIGATION_SECONDS = 60.0  # whatever else the machine does
    connections.client.cache_clear()
    [model] = train_small_models(15, thresholds={"review": 0.0, "block": 1.0})
    promote(model)
    decide(payments(CASES))
    user = User.objects.create_user("lea", password="secret", is_staff=True)
    user.groups.add(Group.objects.get(name="lead"))


def test_a_saved_query_becomes_a_queue_and_its_cases_are_decided_and_undone(
    browser: Browser, lead: None
) -> None:
    assert Case.objects.pending().count() == CASES
    browser.log_in("lea", "secret", at=CONSOLE)
    _save_the_query(browser, "all payments")
    _make_a_queue_of_it(browser, "all_payments")
    browser.open(CONSOLE)
    _click(browser, By.LINK_TEXT, "Decide the open cases")
    browser.wait_until(lambda: browser.path.startswith("/admin/investigate/bulk/verdict/"))
    Select(browser.driver.find_element(By.NAME, "verdict")).select_by_value("fraud||stolen_card")
    browser.driver.find_element(By.NAME, "reason").send_keys("A ring of stolen cards")
    _click(browser, By.XPATH, "//button[normalize-space()='Preview']")
    browser.wait_until(lambda: f"The query found {CASES} cases." in browser.text)
    assert violations(browser.driver) == []
    _click(browser, By.ID, "do-it")
    browser.wait_until(lambda: browser.path.startswith("/admin/bulk-actions/"))
    browser.wait_until(lambda: browser.has("#undo-all"))
    assert violations(browser.driver) == []
    browser.resize(PHONE)
    assert browser.overflow() == 0
    assert Case.objects.filter(verdict="fraud", decided_by="lea").count() == CASES
    assert Label.objects.filter(source="review", value="fraud").count() == CASES
    _click(browser, By.ID, "undo-all")
    browser.wait_until(lambda: f"Undo: decide {CASES} cases" in browser.text)
    assert Case.objects.pending().count() == CASES
    assert Label.objects.filter(source="review", value=None).count() == CASES
    undoing = BulkAction.objects.get(kind="undo")
    assert undoing.result == {"done": CASES, "left_out": 0}
    assert browser.errors() == []


def test_a_large_action_is_done_and_undone_by_a_worker_while_its_page_follows(
    browser: Browser, lead: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (actions, preview_page, action_page):  # fewer items than a request leaves to a worker
        monkeypatch.setattr(module, "IMMEDIATE", CASES - 1)
    browser.log_in("lea", "secret", at=CONSOLE)
    _click(browser, By.LINK_TEXT, "Decide the open cases")
    browser.wait_until(lambda: browser.path.startswith("/admin/investigate/bulk/verdict/"))
    Select(browser.driver.find_element(By.NAME, "verdict")).select_by_value("fraud||stolen_card")
    browser.driver.find_element(By.NAME, "reason").send_keys("A ring of stolen cards")
    _click(browser, By.XPATH, "//button[normalize-space()='Preview']")
    browser.wait_until(lambda: f"The query found {CASES} cases." in browser.text)
    _click(browser, By.ID, "do-it")
    browser.wait_until(lambda: "Waiting in the queue" in browser.text)
    assert not Label.objects.filter(source="review").exists()
    run_bulk_action(BulkAction.objects.latest("number").number)
    browser.wait_until(lambda: browser.has("#undo-all"))
    assert Label.objects.filter(source="review", value="fraud").count() == CASES
    _click(browser, By.ID, "undo-all")
    browser.wait_until(lambda: "Waiting in the queue" in browser.text)
    run_bulk_action(BulkAction.objects.latest("number").number)
    browser.wait_until(lambda: "finished" in browser.text)
    assert Label.objects.filter(source="review", value=None).count() == CASES
    assert browser.errors() == []


def _save_the_query(browser: Browser, name: str) -> None:
    _click(browser, By.XPATH, "//summary[normalize-space()='Save this query']")
    browser.driver.find_element(By.ID, "save-name").send_keys(name)
    _click(browser, By.XPATH, "//button[normalize-space()='Save']")
    browser.wait_until(lambda: f"The query is saved as {name}." in browser.text)
    assert SavedQuery.objects.get(name=name).owner == "lea"


def _make_a_queue_of_it(browser: Browser, name: str) -> None:
    _click(browser, By.LINK_TEXT, "Make a queue of this query")
    browser.wait_until(lambda: browser.has("#rule-form"))
    browser.driver.find_element(By.NAME, "name").send_keys(name)
    browser.driver.find_element(By.NAME, "sla_minutes").clear()
    browser.driver.find_element(By.NAME, "sla_minutes").send_keys("30")
    browser.driver.find_element(By.NAME, "reason").send_keys("Large ones first")
    _click(browser, By.XPATH, "//button[normalize-space()='Create the queue']")
    browser.wait_until(lambda: f"/review-queues/{name}/" in browser.path)
    queue = ReviewQueue.objects.get(name=name)
    assert (queue.terms["condition"], queue.terms["sla_minutes"]) == ("amount >= 0", 30)


def _click(browser: Browser, by: str, what: str) -> None:
    """Click an element in the middle of the window, where no bar covers it."""
    element = browser.driver.find_element(by, what)
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()
