"""Take the documentation's pictures from a running demo.

Start `make demo` in one terminal. Run `make pictures` in another some minutes after it has printed the
address, when its third training has left a candidate.
It pays with stolen cards, claims the resulting case as ana, looks at the newest model, the experiment and
the overview as the administrator, and writes docs/images/*.png. The demo's API key and password are read from
`var/secrets`.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from urllib.request import Request, urlopen

from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1280, 1000
TIMEOUT_SECONDS = 30
ANIMATION_SECONDS = 1.5  # of Chart.js
CASE_SECONDS = 10.0  # until consumers have opened the cases


def open_browser() -> Chrome:
    browser, driver = find("chromium", "chromium-browser", "google-chrome"), find("chromedriver")
    options = ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--force-color-profile=srgb"):
        options.add_argument(argument)
    chrome = Chrome(options=options, service=Service(driver))
    screen = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    light = [{"name": "prefers-color-scheme", "value": "light"}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": light})
    return chrome


def find(*names: str) -> str:
    """The first of these programs on the PATH."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or sys.exit(f"{names[0]} is not on the PATH; install it to take pictures.")


class Photographer:
    """One signed-in person at a browser."""

    def __init__(self, site: str, name: str, password: str) -> None:
        self.site, self.browser = site, open_browser()
        self.browser.get(f"{site}/admin/login/?next=/admin/")
        self.browser.find_element(By.NAME, "username").send_keys(name)
        self.browser.find_element(By.NAME, "password").send_keys(password, Keys.ENTER)
        self.wait(lambda: not self.browser.current_url.endswith("/admin/login/?next=/admin/"))

    def wait(self, condition: Callable[[], object]) -> None:
        WebDriverWait(self.browser, TIMEOUT_SECONDS).until(lambda _: condition())

    def open(self, path: str) -> None:
        self.browser.get(self.site + path)

    def follow(self, selector: str) -> None:
        """The first link of the page that the selector finds."""
        link = self.browser.find_element(By.CSS_SELECTOR, selector)
        self.browser.get(str(link.get_attribute("href")))

    def press(self, key: str) -> None:
        address = self.browser.current_url
        self.browser.find_element(By.TAG_NAME, "body").send_keys(key)
        self.wait(lambda: self.browser.current_url != address)

    def take(self, picture: Path) -> None:
        self.wait(lambda: self.browser.execute_script("return document.readyState === 'complete'"))
        sleep(ANIMATION_SECONDS)
        self.browser.save_screenshot(str(picture))
        print(f"  {picture}: {self.browser.title}")


def pay_with_stolen_cards(site: str, key: str) -> None:
    """Five payments from one device and address; the last ones rank first in the queue."""
    now = datetime.now(UTC)
    for number, amount in enumerate(("1.99", "2.49", "3.10", "219.00", "349.00"), start=1):
        payment = {
            "type": "payment",
            "id": f"T-{now:%H%M%S}-{number}",
            "occurred_at": now.isoformat(),
            "card": f"card-{now:%H%M%S}-{number}",
            "customer": f"customer-{now:%H%M%S}-{number}",
            "merchant": "m-0021",
            "device": f"device-{now:%H%M%S}",
            "ip": f"198.51.100.{now.second + 1}",
            "amount": amount,
            "currency": "USD",
            "category": "electronics",
        }
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Prefer": "wait=5"}
        with urlopen(Request(f"{site}/api/v1/events", json.dumps(payment).encode(), headers)):  # noqa: S310
            pass
    sleep(CASE_SECONDS)


def take_all(site: str, password: str, folder: Path) -> None:
    ana = Photographer(site, "ana", password)
    ana.open("/admin/queue/")
    ana.press("n")  # the next case
    ana.take(folder / "case.png")
    ana.press("r")  # release it
    ana.browser.quit()
    admin = Photographer(site, "admin", password)
    admin.open("/admin/")
    admin.take(folder / "overview.png")
    admin.open("/admin/scoring/modelversion/")
    admin.follow("a[href*='/admin/models/']")
    admin.take(folder / "model.png")
    admin.open("/admin/experiments/")
    admin.follow("a[href*='/admin/experiments/newer-labels']")
    admin.take(folder / "experiment.png")
    admin.browser.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    port = os.environ.get("ASSAY_PORT", "8000")
    parser.add_argument("--site", default=f"http://localhost:{port}", help="address of the running demo")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "docs" / "images", help="directory for the pictures"
    )
    var = Path(os.environ.get("ASSAY_VAR", ROOT / "var"))
    parser.add_argument(
        "--secrets",
        type=Path,
        default=var / "secrets",
        help="directory of the demo's password and API key",
    )
    options = parser.parse_args()
    if not (options.secrets / "demo_api_key").exists():
        sys.exit(f"{options.secrets}/demo_api_key is missing; start `make demo` first.")
    pay_with_stolen_cards(options.site, (options.secrets / "demo_api_key").read_text())
    take_all(options.site, (options.secrets / "demo_password").read_text(), options.folder.resolve())


if __name__ == "__main__":
    main()
