"""Pages that keep themselves up to date while they are open."""

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.urls import reverse
from selenium.webdriver.common.by import By

from scoring.learning.jobs.lifecycle import request_training
from scoring.learning.models import TrainingJob
from scoring.signals import redis_connections as connections
from tests.browser.conftest import Browser, decide
from tests.factories.payments import payments


@pytest.fixture
def root(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any) -> User:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    return User.objects.create_superuser("root", password="secret")


def look_again(browser: Browser) -> None:
    """What a tab does once it is shown again, so that tests need not wait for the next refresh."""
    browser.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_training_page_shows_that_the_training_ended_and_then_stops_asking(
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


def test_the_focused_button_of_a_refreshed_part_keeps_the_focus(browser: Browser, root: User) -> None:
    number = request_training("payment", actor="user/root", now=datetime.now(UTC))
    browser.log_in("root", "secret", at=reverse("admin:training", args=[number]))
    browser.driver.execute_script("document.getElementById('cancel-training').focus()")
    TrainingJob.objects.update(state="running", started_at=datetime.now(UTC))
    browser.wait_until(lambda: "Running since" in browser.text)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "cancel-training"


def test_the_overview_shows_new_decisions(browser: Browser, root: User) -> None:
    browser.log_in("root", "secret", at=reverse("admin:index"))
    decide(payments(5))
    look_again(browser)
    browser.wait_until(lambda: "Of 5 decisions" in browser.text)
    assert browser.errors() == []


def test_the_queue_shows_new_cases(browser: Browser, root: User) -> None:
    browser.log_in("root", "secret", at=reverse("admin:queue"))
    assert not browser.has("a[data-row]")
    decide(payments(60))  # among so many a random sample is sent to review
    look_again(browser)
    browser.wait_until(lambda: browser.has("a[data-row]"))


def test_a_page_says_so_when_its_reader_was_signed_out(browser: Browser, root: User) -> None:
    browser.log_in("root", "secret", at=reverse("admin:index"))
    Session.objects.all().delete()
    browser.driver.delete_all_cookies()
    look_again(browser)
    browser.wait_until(lambda: "You are signed out" in browser.text)
