"""Thresholds moved on a model's page in the browser, by keyboard, and on a phone."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.browser.conftest import PHONE, Browser, Installation


@pytest.fixture
def signed_in(browser: Browser, installation: Installation) -> Browser:
    User.objects.create_superuser("ana", password="secret")
    browser.log_in("ana", "secret", at=reverse("admin:password_change"))
    return browser


def test_a_slider_moves_a_threshold_by_keyboard(signed_in: Browser, installation: Installation) -> None:
    signed_in.open(reverse("admin:model", args=[installation["model"]]))
    assert "What if" not in signed_in.text
    slider = signed_in.driver.find_element(By.CSS_SELECTOR, '[data-for="if-review"]')
    slider.send_keys(Keys.ARROW_RIGHT * 20)
    signed_in.wait_until(lambda: "What if" in signed_in.text)
    field = signed_in.driver.find_element(By.ID, "if-review")
    assert field.get_attribute("value") == "2"
    assert "if_review=2" in signed_in.driver.current_url
    signed_in.wait_until(lambda: signed_in.has(".ws-plot canvas"))
    assert signed_in.errors() == []


def test_the_pages_with_estimates_fit_a_phone(signed_in: Browser, installation: Installation) -> None:
    signed_in.resize(PHONE)
    signed_in.open(f"{reverse('admin:model', args=[installation['model']])}?if_review=5&if_block=50")
    assert "Move the thresholds" in signed_in.text
    assert signed_in.overflow() == 0
