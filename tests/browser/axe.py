"""Accessibility of a page according to axe-core."""

from collections.abc import Sequence
from pathlib import Path

import axe_core_python
from selenium.webdriver import Chrome

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
TIMEOUT_SECONDS = 120.0  # the API's documents are large
RUN = """
    const [without, done] = arguments
    const parts = {include: [document], exclude: without}
    axe.run(parts, {resultTypes: ["violations"]}).then((result) => done(result.violations))
"""
# Controls whose name is that of their icon's ligature, such as "arrow circle up".
NAMED_BY_ICON = """
    const nameOf = (icon) => icon.closest("a, button")?.getAttribute("aria-label")
    return [...document.querySelectorAll(".material-symbols-outlined")]
        .filter((icon) => nameOf(icon) && nameOf(icon) === icon.textContent.trim().replaceAll("_", " "))
        .map(nameOf)
"""


def violations(driver: Chrome, *, without: Sequence[str] = ()) -> list[str]:
    """Findings on the open page, of any weight: axe-core's as "rule: first element and N more", and controls
    that are named by their icon.

    `without`: selectors of parts that axe-core leaves out.
    """
    driver.set_script_timeout(TIMEOUT_SECONDS)
    driver.execute_script(AXE)
    named = [f"named by its icon: {name}" for name in driver.execute_script(NAMED_BY_ICON)]
    return named + [
        f"{rule['id']}: {rule['nodes'][0]['target'][0]} and {len(rule['nodes']) - 1} more"
        for rule in driver.execute_async_script(RUN, list(without))
    ]
