"""Accessibility of a page as axe-core judges it."""

from pathlib import Path

import axe_core_python
from selenium.webdriver import Chrome

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
LONGEST_S = 120.0  # the API's documents are large
# Off: an attribute that the admin's theme switch carries without a role that allows it.
RUN = """
    const done = arguments[0]
    const options = {resultTypes: ["violations"], rules: {"aria-allowed-attr": {enabled: false}}}
    axe.run(document, options).then((result) => done(result.violations))
"""


def violations(driver: Chrome) -> list[str]:
    """What axe-core finds on the page that is open: "rule: the first element, and how many more"."""
    driver.set_script_timeout(LONGEST_S)
    driver.execute_script(AXE)
    return [
        f"{rule['id']}: {rule['nodes'][0]['target'][0]} and {len(rule['nodes']) - 1} more"
        for rule in driver.execute_async_script(RUN)
    ]
