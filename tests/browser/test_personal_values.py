"""An analyst reveals a masked address by keyboard, and has times told in the time zone that is chosen."""

from django.contrib.auth.models import Group, User
from django.urls import reverse
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Browser
from tests.integration.reviews.browsing import ReviewCase, kept, page_of, review_case  # noqa: F401 (a fixture)

SECRET, MASK = "192.0.2.77", "192.0.2.x"


def assert_accessible(browser: Browser) -> None:
    assert violations(browser.driver) == []
    browser.resize(PHONE)
    assert browser.overflow() <= 0
    browser.resize(DESKTOP)


def test_a_value_is_revealed_by_keyboard_and_times_follow_the_zone(
    browser: Browser,
    review_case: ReviewCase,  # noqa: F811
) -> None:
    User.objects.create_user("ana", password="secret", is_staff=True).groups.add(
        Group.objects.get(name="analyst")
    )
    page = page_of(review_case("T-1", ip=kept(SECRET)))
    browser.log_in("ana", "secret", at=page)
    assert MASK in browser.text
    assert SECRET not in browser.driver.page_source
    assert_accessible(browser)
    browser.driver.find_element(By.CSS_SELECTOR, "[aria-label='Show IP']").send_keys(Keys.ENTER)
    browser.wait_until(lambda: SECRET in browser.text)
    assert_accessible(browser)
    browser.driver.find_element(By.LINK_TEXT, "Mask them again").click()
    browser.wait_until(lambda: MASK in browser.text)
    assert SECRET not in browser.driver.page_source

    browser.open(reverse("admin:account"))
    Select(browser.driver.find_element(By.NAME, "time_zone")).select_by_visible_text("Asia/Tokyo")
    browser.driver.find_element(By.CSS_SELECTOR, "[value=time_zone]").click()
    browser.wait_until(lambda: "Pages now tell times in the time zone Asia/Tokyo." in browser.text)
    assert_accessible(browser)
    browser.open(page)
    assert "JST" in browser.text
    assert browser.errors() == []
