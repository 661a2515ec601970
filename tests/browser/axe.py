"""Accessibility of a page according to axe-core."""

from pathlib import Path

import axe_core_python
from selenium.webdriver import Chrome

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text()
TIMEOUT_SECONDS = 120.0  # the API's documents are large
# Disabled rule: the admin's theme switch has an attribute without a role that allows it.
RUN = """
    const done = arguments[0]
    const options = {resultTypes: ["violations"], rules: {"aria-allowed-attr": {enabled: false}}}
    axe.run(document, options).then((result) => done(result.violations))
"""


def violations(driver: Chrome) -> list[str]:
    """axe-core's findings on the open page as "rule: first element and N more"."""
    driver.set_script_timeout(TIMEOUT_SECONDS)
    driver.execute_script(AXE)
    return [
        f"{rule['id']}: {rule['nodes'][0]['target'][0]} and {len(rule['nodes']) - 1} more"
        for rule in driver.execute_async_script(RUN)
    ]
