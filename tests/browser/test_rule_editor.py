"""Drafting a rule in the editor, and activating it with four eyes."""

from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from reviews.models import Case
from scoring.rules.rules.models import Rule, StoredRuleVersion
from scoring.signals import redis_connections as connections
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Browser, decide
from tests.factories.payments import payments
from tests.factories.rules import store_rule

NEW = "/admin/rules/new/"
PAGE = "/admin/rules/payment/busy_card/"


@pytest.fixture
def people(online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any) -> None:
    """An analyst and a lead, and twelve decided payments."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    for name, group in (("ana", "analyst"), ("lea", "lead")):
        user = User.objects.create_user(name, password="secret", is_staff=True)
        user.groups.add(Group.objects.get(name=group))
    decide(payments(12))


def expression(browser: Browser) -> str:
    return str(browser.driver.find_element(By.ID, "expression").get_property("value"))


def write(browser: Browser, text: str) -> None:
    """Replace the condition by typing; the list of completions is closed afterwards."""
    area = browser.driver.find_element(By.ID, "expression")
    area.clear()
    area.click()
    browser.driver.execute_cdp_cmd("Input.insertText", {"text": text})  # keys have no emoji
    area.send_keys(Keys.ESCAPE)


def marked(browser: Browser) -> list[str]:
    script = "return [...document.querySelectorAll('.rl-code__marks mark')].map(each => each.textContent)"
    return list(browser.driver.execute_script(script))


def click(browser: Browser, selector: str) -> None:
    browser.driver.find_element(By.CSS_SELECTOR, selector).click()


def test_a_problem_is_shown_at_its_column_while_typing(browser: Browser, people: None) -> None:
    browser.log_in("ana", "secret", at=NEW)
    write(browser, "amount > 5 && amont > 3")
    browser.wait_until(lambda: "Line 1, column 15" in browser.text)
    assert marked(browser) == ["amont"]
    assert browser.has("#expression[aria-invalid=true]")

    click(browser, ".rl-place")  # leads to its place
    browser.press("amount")
    browser.press(Keys.ESCAPE)
    browser.wait_until(lambda: "The condition is valid" in browser.text)
    assert expression(browser) == "amount > 5 && amount > 3"
    assert (marked(browser), browser.has("[aria-invalid]")) == ([], False)
    assert browser.errors() == []


def test_a_problem_is_marked_on_its_line(browser: Browser, people: None) -> None:
    browser.log_in("ana", "secret", at=NEW)
    write(browser, 'category == "\N{GRINNING FACE}" &&\n  amount = 3')
    browser.wait_until(lambda: "Line 2, column 10" in browser.text)
    assert marked(browser) == ["="]


def test_names_complete_by_keyboard_and_by_the_list_beside(browser: Browser, people: None) -> None:
    browser.log_in("ana", "secret", at=NEW)
    browser.driver.find_element(By.ID, "expression").click()
    browser.press("card_count_1")
    browser.wait_until(lambda: browser.has("#completions"))
    assert browser.has("#expression[aria-activedescendant=completion-0]")
    browser.press(Keys.ENTER)
    assert expression(browser) == "card_count_1h"
    assert not browser.has("#completions")

    browser.press(" > 3 && cust_dist")
    browser.press(Keys.ESCAPE)
    write(browser, "amount > ")
    browser.press_with_control(" ")
    browser.wait_until(lambda: browser.has("#completions"))
    browser.press(Keys.ARROW_DOWN, Keys.TAB)
    assert expression(browser) == "amount > source"

    write(browser, "amount > ")
    browser.driver.find_element(By.ID, "find-name").send_keys("customer_city")
    browser.wait_until(lambda: "1 of " in browser.text)
    click(browser, "#names button")
    assert expression(browser) == "amount > customer_city_pop"
    assert browser.errors() == []


def test_a_rule_is_tried_counted_saved_and_activated_by_another_person(
    browser: Browser, people: None
) -> None:
    browser.log_in("ana", "secret", at=NEW)
    write(browser, "amount >= 20 && card_count_1h >= 1")
    browser.wait_until(lambda: browser.has("#tried td"))
    assert "T-11" in browser.text
    browser.driver.find_element(By.ID, "expression").click()
    browser.press_with_control(Keys.ENTER)
    browser.wait_until(lambda: "2 of 12 events" in browser.text)  # T-10 and T-11
    assert violations(browser.driver) == []

    browser.driver.find_element(By.ID, "rule-name").send_keys("busy_card")
    browser.driver.find_element(By.ID, "rule-sentence").send_keys("A large amount on a busy card")
    click(browser, "#rule-form [type=submit]")
    browser.wait_until(lambda: browser.path == PAGE)
    click(browser, "[value=shadow]")
    browser.wait_until(lambda: "runs in shadow" in browser.text)
    click(browser, ".lc-more > summary")
    click(browser, "[value=request]")
    browser.wait_until(lambda: "Someone else must approve it" in browser.text)
    assert not browser.has("[value=approve]")
    assert browser.errors() == []

    browser.driver.delete_all_cookies()
    browser.log_in("lea", "secret", at=PAGE)
    click(browser, "[value=approve]")
    browser.wait_until(lambda: browser.has("dialog[open]"))
    assert violations(browser.driver) == []
    click(browser, "dialog [value=yes]")
    browser.wait_until(lambda: "Version 1 of busy_card is active" in browser.text)
    assert Rule.objects.get().active == 1
    assert browser.errors() == []


def test_a_leads_own_version_waits_for_someone_else(browser: Browser, people: None) -> None:
    store_rule("shadow", name="busy_card", actor="user/lea", now=datetime.now(UTC))
    browser.log_in("lea", "secret", at=PAGE)
    click(browser, ".lc-more > summary")
    click(browser, "[value=request]")
    browser.wait_until(lambda: "so someone else must approve it" in browser.text)
    assert not browser.has("[value=approve]")
    assert StoredRuleVersion.objects.get().stage == "shadow"


def test_a_rule_is_drafted_from_a_case_by_keyboard(browser: Browser, people: None) -> None:
    case = Case.objects.pending().order_by("-rank")[0]
    browser.log_in("ana", "secret", at=f"/admin/cases/{case.pk}/")
    browser.press("d")
    browser.wait_until(lambda: browser.path == f"{NEW}?event={case.pk}")
    browser.wait_until(lambda: "The condition is valid" in browser.text and browser.has("#tried td"))
    assert "Drafted from event T-" in browser.text
    browser.wait_until(lambda: "matched" in browser.text)
    assert "not matched" not in browser.text
    assert browser.errors() == []


def test_the_editor_fits_a_phone_with_its_completions_open(browser: Browser, people: None) -> None:
    browser.resize(PHONE)
    browser.log_in("ana", "secret", at=NEW)
    write(browser, "amount > 15 && category == 'grocery' && merchant_count_7d > ")
    browser.press("card_")
    browser.wait_until(lambda: browser.has("#completions"))
    assert browser.overflow() <= 0
    assert violations(browser.driver) == []
    box = browser.driver.find_element(By.ID, "completions").rect
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
