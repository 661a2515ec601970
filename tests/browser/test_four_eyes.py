"""A verdict that needs a second person: proposed and confirmed by keyboard, by two people."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.urls import reverse
from selenium.webdriver import Keys

from reviews.four_eyes.settings import NEGATIVE, POSITIVE, ConfirmedLabel, FourEyesSettings
from reviews.four_eyes.stored import four_eyes_settings
from reviews.models import Case
from scoring.intake.models import Label
from scoring.signals import redis_connections as connections
from tests.browser.conftest import Browser, decide
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments

QUEUE, CONFIRMATIONS = "/admin/queue/", "/admin/four-eyes/"


@pytest.fixture
def case(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Path) -> Case:
    """The case of a payment whose verdict fraud needs a second person, and two people."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    [model] = train_small_models(15, thresholds={"review": 0.0, "block": 1.0})
    promote(model)
    labels = (ConfirmedLabel(POSITIVE, always=True), ConfirmedLabel(NEGATIVE))
    wanted = FourEyesSettings(labels=labels)
    four_eyes_settings.change("payment", wanted, reason="test", actor="user/lea", now=datetime.now(UTC))
    decide(payments(1))
    for name, group in (("ana", "analyst"), ("lea", "lead")):
        user = User.objects.create_user(name, password="secret", is_staff=True)
        user.groups.add(Group.objects.get(name=group))
    return Case.objects.get()


def test_two_people_decide_one_case_by_keyboard(browser: Browser, case: Case) -> None:
    page = reverse("admin:case", args=[case.pk])
    browser.log_in("ana", "secret", at=QUEUE)
    browser.press("n")
    browser.wait_until(lambda: browser.path == page)
    browser.press("f", Keys.ENTER)  # without a reason
    browser.wait_until(lambda: "Choose a reason first" in browser.text)
    focused = browser.driver.switch_to.active_element
    assert (focused.get_attribute("name"), focused.get_attribute("aria-invalid")) == ("reason_code", "true")
    browser.press("2", Keys.ENTER)
    browser.wait_until(lambda: browser.path == QUEUE)
    browser.wait_until(lambda: "Proposed. The verdict takes effect" in browser.text)
    assert not Label.objects.filter(event_stream=case.event_stream).exists()
    browser.open(page)
    browser.wait_until(lambda: "You proposed “Fraud”" in browser.text)
    assert not browser.has("[name=verdict]")
    assert browser.errors() == []

    browser.driver.delete_all_cookies()
    browser.log_in("lea", "secret", at=CONFIRMATIONS)
    browser.wait_until(lambda: "Stolen or copied card" in browser.text)
    browser.open(QUEUE)
    browser.press("n")
    browser.wait_until(lambda: browser.path == page)
    browser.wait_until(lambda: "ana proposed “Fraud”" in browser.text)
    browser.press(Keys.ENTER)  # the form is filled with the proposal
    browser.wait_until(lambda: browser.path != page)
    assert Label.objects.get(event_stream=case.event_stream).effective == "fraud"
    case.refresh_from_db()
    assert (case.decided_by, case.proposed_by) == ("lea", "ana")
    assert browser.errors() == []
