"""A person adds a second factor, signs in with it, and ends the session: pages without findings of axe."""

from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Browser
from tests.factories.second_factors import totp

ACCOUNT = reverse("admin:account")


def enter_code(browser: Browser, code: str) -> None:
    field = browser.driver.find_element(By.NAME, "code")
    field.clear()
    field.send_keys(code, Keys.ENTER)


def assert_accessible(browser: Browser) -> None:
    assert violations(browser.driver) == []
    browser.resize(PHONE)
    assert browser.overflow() <= 0
    browser.resize(DESKTOP)


def test_a_second_factor_is_added_and_asked_for(browser: Browser, transactional_db: None) -> None:
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret", at=ACCOUNT)
    assert_accessible(browser)
    browser.driver.find_element(By.LINK_TEXT, "Add an authenticator app").click()
    browser.wait_until(lambda: browser.has(".ws-qr"))
    assert_accessible(browser)
    secret = browser.driver.find_element(By.CSS_SELECTOR, ".ws-mono").text
    enter_code(browser, totp(secret))
    browser.wait_until(lambda: browser.path == reverse("mfa_view_recovery_codes"))
    assert_accessible(browser)
    recovery_code = browser.driver.find_element(By.CSS_SELECTOR, ".ws-card li").text

    browser.driver.delete_all_cookies()
    browser.open(ACCOUNT)
    browser.driver.find_element(By.NAME, "username").send_keys("root")
    browser.driver.find_element(By.NAME, "password").send_keys("secret", Keys.ENTER)
    browser.wait_until(lambda: browser.path == reverse("mfa_authenticate"))
    assert_accessible(browser)
    enter_code(browser, "000000")
    browser.wait_until(lambda: "Incorrect code" in browser.text)
    enter_code(browser, recovery_code)
    browser.wait_until(lambda: browser.path == ACCOUNT)
    assert "this session" in browser.text
