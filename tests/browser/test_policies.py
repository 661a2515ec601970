"""A policy in the browser: thresholds are moved, drafted, and activated by another person."""

from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.by import By

from scoring.rules.policies.models import StoredPolicy
from scoring.rules.policies.policy import COST, Terms
from tests.browser.conftest import PHONE, Browser, Installation
from tests.factories.policies import costs, store_policy

MOVE = """
    const slider = document.querySelector(`[data-for="if-${arguments[0]}"]`);
    slider.value = arguments[1];
    slider.dispatchEvent(new Event("input", {bubbles: true}));
"""
PAGE = "/admin/policies/payment/"


def click(browser: Browser, selector: str) -> None:
    browser.driver.find_element(By.CSS_SELECTOR, selector).click()


def value_of(browser: Browser, name: str) -> str:
    found = browser.driver.find_element(By.NAME, name).get_attribute("value")
    assert found is not None
    return found


def log_in(browser: Browser, name: str) -> None:
    if not User.objects.filter(username=name).exists():
        User.objects.create_superuser(name, password="secret")
    browser.driver.delete_all_cookies()
    browser.log_in(name, "secret", at=reverse("admin:password_change"))


def test_a_threshold_is_moved_drafted_and_activated_by_another_person(
    browser: Browser, installation: Installation
) -> None:
    log_in(browser, "ana")
    browser.open(PAGE)
    assert "No policy was activated" in browser.text
    before = value_of(browser, "if_block")

    browser.driver.execute_script(MOVE, "block", 55.5)
    browser.wait_until(lambda: "What if" in browser.text)
    assert "if_block=55.5" in browser.driver.current_url
    assert value_of(browser, "if_block") == "55.5" != before
    browser.wait_until(lambda: browser.has(".ws-plot canvas"))

    browser.driver.find_element(By.LINK_TEXT, "Draft these thresholds").click()
    browser.wait_until(lambda: "/draft/" in browser.path)
    assert value_of(browser, "thresholds.block") == "55.5"
    assert not browser.has("#f-costs-margin")
    click(browser, "[name=mode][value=cost]")
    assert browser.has("#f-costs-margin")
    assert not browser.has("#f-thresholds-block")
    click(browser, "[name=mode][value=fixed]")
    click(browser, "button[value=try]")
    browser.wait_until(lambda: "This draft" in browser.text)
    click(browser, "button[value=save]")
    browser.wait_until(lambda: "Version 1 is drafted" in browser.text)

    click(browser, "details.lc-more > summary")
    click(browser, "button[value=request]")
    browser.wait_until(lambda: "You drafted this version" in browser.text)

    log_in(browser, "lea")
    browser.open(PAGE)
    click(browser, "button[value=approve]")
    browser.wait_until(lambda: browser.has("dialog[open]"))
    click(browser, "dialog [value=yes]")
    browser.wait_until(lambda: "Version 1 decides from the next batch" in browser.text)
    assert StoredPolicy.objects.get().stage == "active"


def test_the_pages_fit_a_phone(browser: Browser, installation: Installation) -> None:
    store_policy("active", terms=Terms(COST, costs=costs()))
    store_policy(number=2, description="An unbroken " + "x" * 80)
    log_in(browser, "ana")
    browser.resize(PHONE)
    for address in ("/admin/policies/", PAGE, f"{PAGE}draft/"):
        browser.open(address)
        assert browser.overflow() == 0, address
