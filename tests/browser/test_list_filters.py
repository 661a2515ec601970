"""A list is narrowed by its filter form, and a chip takes a filter away again."""

from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver.common.by import By

from scoring.log.append import append
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Browser
from tests.factories.log import NOW, decided, received

DECISIONS = reverse("admin:scoring_decision_changelist")


def store_decisions() -> None:
    """Three decisions, scored 10, 50 and 90 %."""
    for number, score in enumerate((0.1, 0.5, 0.9)):
        (event,) = append([received(f"T-{number}")], now=NOW)
        append([decided(event, score=score, outcome="review" if score > 0.4 else "allow")], now=NOW)


def rows(browser: Browser) -> int:
    return len(browser.driver.find_elements(By.CSS_SELECTOR, "#result_list tbody tr"))


def test_filters_become_chips_that_can_be_removed(browser: Browser, transactional_db: None) -> None:
    store_decisions()
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret", at=DECISIONS)
    driver = browser.driver
    assert rows(browser) == 3
    driver.find_element(By.XPATH, "//button[contains(., 'Filters')]").click()
    browser.wait_until(lambda: browser.has("#filter-form"))
    assert violations(driver) == []
    driver.find_element(By.NAME, "score_from").send_keys("40")
    driver.find_element(By.NAME, "decided_at_from").send_keys("01012026")
    driver.find_element(By.CSS_SELECTOR, "#filter-form [type=submit]").click()
    browser.wait_until(lambda: "score_from=40" in browser.path)
    assert "=&" not in f"{browser.path}&"  # fields left empty are not in the address
    chips = [chip.text.split("\n")[0] for chip in driver.find_elements(By.CSS_SELECTOR, ".ws-chip")]
    assert chips == ["Score: from 40 %", "Decided: from 2026-01-01"]
    assert (rows(browser), violations(driver)) == (2, [])
    browser.resize(PHONE)
    assert (browser.overflow(), violations(driver)) == (0, [])
    driver.find_element(By.CSS_SELECTOR, "[aria-label='Remove the filter by score']").click()
    browser.wait_until(lambda: "score_from" not in browser.path)
    assert rows(browser) == 3
