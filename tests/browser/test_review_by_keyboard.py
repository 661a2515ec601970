"""Reviewing cases with the keyboard alone."""

from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.urls import reverse
from selenium.webdriver import Keys

from reviews.models import Case
from scoring.intake.models import Label
from scoring.signals import redis_connections as connections
from tests.browser.conftest import Browser, decide
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments

QUEUE = "/admin/queue/"


@pytest.fixture
def cases(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any) -> list[Case]:
    """The cases of three payments sent to review, most urgent first."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    [model] = train_small_models(15, thresholds={"review": 0.0, "block": 1.0})
    promote(model)
    decide(payments(3))
    return list(Case.objects.pending().order_by("-rank"))


@pytest.fixture
def analyst(transactional_db: None) -> User:
    user = User.objects.create_user("ana", password="secret", is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    return user


def page_of(case: Case) -> str:
    return reverse("admin:case", args=[case.pk])


def test_cases_are_claimed_read_decided_and_undone_by_keyboard(
    browser: Browser, cases: list[Case], analyst: User
) -> None:
    first, second, _ = cases
    browser.log_in("ana", "secret", at=QUEUE)

    browser.press("n")
    browser.wait_until(lambda: browser.path == page_of(first))
    browser.wait_until(lambda: browser.has(".rv-why"))
    assert "Why this score" in browser.text
    assert not browser.has("#all-reasons")
    browser.press("a")
    browser.wait_until(lambda: browser.has("#all-reasons"))

    browser.press(Keys.ENTER)
    browser.wait_until(lambda: "Choose a verdict first" in browser.text)
    browser.press("f", "2", "n")
    browser.press("Called the bank; the card was copied.")  # in a text field, shortcut keys type letters
    browser.press_with_control(Keys.ENTER)

    browser.wait_until(lambda: browser.path == page_of(second))
    assert Label.objects.get(event_stream=first.event_stream).effective == "fraud"
    browser.press("l", "1", Keys.ENTER)
    browser.wait_until(lambda: browser.path not in (page_of(first), page_of(second)))
    assert Label.objects.get(event_stream=second.event_stream).effective == "legitimate"

    browser.wait_until(lambda: browser.has(".rv-undo"))
    browser.press("u")
    browser.wait_until(lambda: browser.path == page_of(second))
    browser.wait_until(lambda: "You have claimed the case" in browser.text)
    assert Label.objects.filter(event_stream=second.event_stream).latest("position").effective is None

    browser.press("r")
    browser.wait_until(lambda: browser.path == QUEUE)
    assert set(Case.objects.filter(state="decided")) == {first}
    assert browser.errors() == []


def test_the_list_and_the_history_are_navigated_by_keyboard(
    browser: Browser, cases: list[Case], analyst: User
) -> None:
    browser.log_in("ana", "secret", at=QUEUE)
    browser.press("j", "j", Keys.ENTER)
    browser.wait_until(lambda: browser.path == page_of(cases[1]))
    browser.wait_until(lambda: "Claim this case" in browser.text)

    browser.wait_until(lambda: "History of card-" in browser.text)
    browser.press("h")
    browser.wait_until(lambda: "History of customer-" in browser.text)
    assert browser.path == page_of(cases[1])  # only that part of the page was replaced

    browser.press("?")
    browser.wait_until(lambda: browser.has("#keys"))
    browser.press("c")  # no effect while the list of shortcuts is open
    browser.press(Keys.ESCAPE)
    browser.wait_until(lambda: not browser.has("#keys"))
    assert not Case.objects.filter(state="claimed").exists()

    browser.press("c")
    browser.wait_until(lambda: "Your verdict" in browser.text)
    browser.press("/")
    browser.wait_until(lambda: browser.has("[type=search]:focus"))
    browser.press("card-0", Keys.ENTER)
    browser.wait_until(lambda: "Matches" in browser.text)
    assert browser.errors() == []
