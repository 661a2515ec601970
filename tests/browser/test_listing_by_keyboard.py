"""A card is blocked from its case with two keys, and tagged."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.urls import reverse
from selenium.webdriver import Keys

from reviews.models import Case
from scoring.rules.lists.models import ListedValue
from scoring.signals import redis_connections as connections
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Browser, decide
from tests.factories.lists import defined
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments


@pytest.fixture
def case(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any) -> Case:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    [model] = train_small_models(15, thresholds={"review": 0.0, "block": 1.0})
    promote(model)
    decide(payments(1))
    user = User.objects.create_user("ana", password="secret", is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    return Case.objects.get()


def test_a_card_is_blocked_with_two_keys_and_tagged_with_two_more(browser: Browser, case: Case) -> None:
    for kind in ("card", "customer", "merchant", "device", "ip"):
        defined(f"stolen_{kind}", kind=kind)
        defined(f"suspect_{kind}", kind=kind, action="tag")
    page = reverse("admin:case", args=[case.pk])
    browser.log_in("ana", "secret", at=page)
    assert "On no list." in browser.text

    browser.press("b")
    browser.wait_until(lambda: browser.has("#block-dialog[open]"))
    assert violations(browser.driver) == []
    browser.press(Keys.ENTER)
    browser.wait_until(lambda: "until 20" in browser.text and browser.path == page)

    row = ListedValue.objects.get()
    assert row.added_by == "user/ana"
    assert row.reason.startswith("Case ")
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - datetime.now(UTC) <= timedelta(days=30)
    assert row.list_name.startswith("stolen_")
    assert "On no list." not in browser.text

    browser.press("g")
    browser.wait_until(lambda: browser.has("#tag-dialog[open]"))
    browser.press(Keys.ESCAPE)
    browser.wait_until(lambda: not browser.has("#tag-dialog[open]"))
    browser.press("g", Keys.ENTER)
    browser.wait_until(lambda: ListedValue.objects.count() == 2)
    assert ListedValue.objects.latest("id").list_name == row.list_name.replace("stolen", "suspect")
    assert browser.errors() == []


def test_another_entity_is_offered_its_own_lists_on_a_phone_too(browser: Browser, case: Case) -> None:
    defined("stolen_cards", kind="card")
    defined("bad_merchants", kind="merchant")
    browser.resize(PHONE)
    browser.log_in("ana", "secret", at=reverse("admin:case", args=[case.pk]))
    browser.press("b")
    browser.wait_until(lambda: browser.has("#block-dialog[open]"))
    assert browser.overflow() == 0

    def choose(kind: str) -> str:
        return str(
            browser.driver.execute_script(
                "const form = document.querySelector('#block-dialog form');"
                "form.querySelector(`[name=entity][data-kind=${arguments[0]}]`).click();"
                "return form.elements.list.value",
                kind,
            )
        )

    assert choose("merchant") == "bad_merchants"
    assert choose("card") == "stolen_cards"
    browser.press(Keys.ENTER)
    browser.wait_until(lambda: "is on Stolen cards" in browser.text)
    assert ListedValue.objects.get().list_name == "stolen_cards"
