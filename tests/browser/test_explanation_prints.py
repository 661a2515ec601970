"""The explanation of a decision prints on one page, without the admin around it."""

import base64
import re

from django.contrib.auth.models import User
from django.urls import reverse

from tests.browser.conftest import Browser, Installation

A4 = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True, "printBackground": True}
SHOWN = """
    return [...document.querySelectorAll("#nav-sidebar, .ex-actions, #header-inner")]
        .filter(part => part.checkVisibility()).length
"""


def test_an_explanation_prints_on_one_page(browser: Browser, installation: Installation) -> None:
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret", at=reverse("admin:password_change"))
    browser.open(reverse("admin:explanation", args=[installation["case"]]))
    printed = base64.b64decode(browser.driver.execute_cdp_cmd("Page.printToPDF", A4)["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.driver.execute_script(SHOWN) == 0
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
