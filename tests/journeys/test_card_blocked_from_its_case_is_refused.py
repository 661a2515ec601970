"""A reviewer blocks a card from its case with two keys, and its next payment is refused.

Taken off the list, the card is reviewed as before. A network blocks the addresses in it.

Uses real Chromium, PostgreSQL and Redis; the lane runs in this process.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.urls import reverse
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from reviews.models import Case
from scoring.decisions.models import Decision
from scoring.rules.lists.models import ListedValue
from scoring.signals import redis_connections as connections
from tests.browser.conftest import Browser, browser, decide, driver  # noqa: F401 (fixtures)
from tests.factories.lists import defined, listed
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments

pytestmark = pytest.mark.django_db(transaction=True)


def pay(number: int, **changes: Any) -> Decision:
    """The decision of one payment with the card of the case."""
    decide(payments(1, start=number, card="card-9", **changes))
    return Decision.objects.latest("position")


def test_a_card_that_is_blocked_from_its_case_is_refused(
    browser: Browser,  # noqa: F811
    online_redis: redis.Redis,
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    [model] = train_small_models(15, thresholds={"review": 0.0, "block": 1.0})
    promote(model)
    defined("stolen_cards")
    defined("hosting", kind="ip", match="network", action="block")
    User.objects.create_user("lea", password="secret", is_staff=True).groups.add(
        Group.objects.get(name="lead")
    )

    # The model sends a payment to review. The reviewer blocks its card for 30 days: b, then Enter.
    assert pay(1).outcome == "review"
    page = reverse("admin:case", args=[Case.objects.get().pk])
    browser.log_in("lea", "secret", at=page)
    browser.press("b")
    browser.wait_until(lambda: browser.has("#block-dialog[open]"))
    browser.press(Keys.ENTER)
    browser.wait_until(lambda: "Card card-9 is on Stolen cards, until" in browser.text)

    # Its next payment is refused, and its explanation says why.
    refused = pay(2)
    assert (refused.outcome, refused.decided_by) == ("block", "list")
    browser.open(reverse("admin:explanation", args=[refused.event_position]))
    assert "The card is blocked: Stolen cards" in browser.text

    # Taken off the list on its page, the card is reviewed as before.
    browser.open("/admin/lists/stolen_cards/")
    browser.driver.find_element(By.CSS_SELECTOR, "input[name=row]").click()
    browser.driver.find_element(By.CSS_SELECTOR, "input[name=reason]").send_keys("It was found again.")
    browser.driver.find_element(By.CSS_SELECTOR, "button[value=remove]").click()
    browser.wait_until(lambda: "1 value removed" in browser.text)
    assert not ListedValue.objects.filter(removed_version=None).exists()
    assert pay(3).outcome == "review"

    # A network blocks an address in it that no list has named.
    listed("hosting", "192.0.2.0/24", now=datetime.now(UTC))
    assert (pay(4, ip="198.51.100.4").outcome, pay(5, ip="192.0.2.5").outcome) == ("review", "block")
    assert browser.errors() == []
