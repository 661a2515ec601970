"""A configuration file is uploaded, compared and applied in the browser."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from selenium.webdriver.common.by import By

from scoring.rules.ruleset.stream import current_version
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Browser
from tests.factories.configurations import CONFIGURATION

PAGE = "/admin/configuration/"


@pytest.fixture
def ada(transactional_db: None) -> None:
    User.objects.create_user("ada", password="secret", is_staff=True).groups.add(
        Group.objects.get(name="admin")
    )


def upload(browser: Browser, path: Path, text: str) -> None:
    path.write_text(text)
    browser.driver.find_element(By.NAME, "file").send_keys(str(path))
    browser.driver.find_element(By.CSS_SELECTOR, "form[enctype] button[type=submit]").click()


def test_a_file_is_compared_and_applied(browser: Browser, ada: None, tmp_path: Path) -> None:
    browser.log_in("ada", "secret", at=PAGE)
    assert violations(browser.driver) == []
    upload(browser, tmp_path / "assay.yaml", CONFIGURATION)
    browser.wait_until(lambda: "What applying the file changes: 20 items" in browser.text)
    assert violations(browser.driver) == []
    browser.resize(PHONE)
    assert browser.overflow() == 0

    browser.driver.find_element(By.NAME, "reason").send_keys("release 7")
    browser.driver.find_element(By.CSS_SELECTOR, "button[data-confirm]").click()
    browser.wait_until(lambda: browser.has("dialog[open] [value=yes]"))
    browser.driver.find_element(By.CSS_SELECTOR, "dialog[open] [value=yes]").click()
    browser.wait_until(lambda: "Applied: 20 items, 3 approvals requested." in browser.text)
    version = current_version()

    upload(browser, tmp_path / "assay.yaml", CONFIGURATION)
    browser.wait_until(lambda: "There is nothing to apply" in browser.text)
    upload(browser, tmp_path / "wrong.yaml", CONFIGURATION.replace("action: block", "action: blok"))
    browser.wait_until(lambda: "The file cannot be applied" in browser.text)
    assert browser.overflow() == 0
    assert (current_version(), browser.errors()) == (version, [])
