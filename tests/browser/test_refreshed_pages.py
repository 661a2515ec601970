"""Open pages refresh themselves."""

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.urls import reverse
from selenium.webdriver.common.by import By

from scoring.learning.jobs.trainings import request_training
from scoring.learning.models import TrainingJob
from scoring.signals import redis_connections as connections
from tests.browser.conftest import Browser, decide
from tests.factories.payments import payments


@pytest.fixture
def root(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any) -> User:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    return User.objects.create_superuser("root", password="secret")


def refresh_now(browser: Browser) -> None:
    """Trigger the refresh of a tab that becomes visible, so that tests need not wait for the next one."""
    browser.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_training_page_shows_the_end_of_the_training_and_then_stops_refreshing(
    browser: Browser, root: User
) -> None:
    number = request_training("payment", actor="user/root", now=datetime.now(UTC))
    browser.log_in("root", "secret", at=reverse("admin:training", args=[number]))
    assert browser.has("#cancel-training")
    TrainingJob.objects.update(state="failed", error="no labels", ended_at=datetime.now(UTC))
    browser.wait_until(lambda: "no labels" in browser.text)
    part = browser.driver.find_element(By.ID, "training-state")
    assert part.get_attribute("data-refresh") == ""
    assert not browser.has("#cancel-training")


def test_a_focused_button_keeps_the_focus_when_its_part_is_refreshed(browser: Browser, root: User) -> None:
    number = request_training("payment", actor="user/root", now=datetime.now(UTC))
    browser.log_in("root", "secret", at=reverse("admin:training", args=[number]))
    browser.driver.execute_script("document.getElementById('cancel-training').focus()")
    TrainingJob.objects.update(state="running", started_at=datetime.now(UTC))
    browser.wait_until(lambda: "Running since" in browser.text)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "cancel-training"


def test_the_overview_shows_new_decisions(browser: Browser, root: User) -> None:
    browser.log_in("root", "secret", at=reverse("admin:index"))
    decide(payments(5))
    refresh_now(browser)
    browser.wait_until(lambda: "Of 5 decisions" in browser.text)
    assert browser.errors() == []


def test_the_queue_shows_new_cases(browser: Browser, root: User) -> None:
    browser.log_in("root", "secret", at=reverse("admin:queue"))
    assert not browser.has("a[data-row]")
    decide(payments(60))  # enough for the random sample to send some to review
    refresh_now(browser)
    browser.wait_until(lambda: browser.has("a[data-row]"))


def test_a_page_tells_a_user_who_has_been_signed_out(browser: Browser, root: User) -> None:
    browser.log_in("root", "secret", at=reverse("admin:index"))
    Session.objects.all().delete()
    browser.driver.delete_all_cookies()
    refresh_now(browser)
    browser.wait_until(lambda: "You are signed out" in browser.text)
