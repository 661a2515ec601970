"""A pytest plugin that runs only the chosen tests, in the given order."""

from collections.abc import Sequence
from pathlib import Path

import pytest


class RunOrder:
    def __init__(self, tests: Sequence[str]) -> None:
        self.rank = {test: number for number, test in enumerate(tests)}

    @property
    def files(self) -> list[str]:
        return sorted({test.partition("::")[0] for test in self.rank})

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self.rank]
        if len(chosen) < len(self.rank):
            raise pytest.UsageError("Some measured tests are gone.")
        items[:] = sorted(chosen, key=lambda item: self.rank[item.nodeid])

    def first_failed(self, log: Path) -> str:
        """The first failed test in pytest's output; otherwise the output's last line."""
        lines = log.read_text(errors="replace").splitlines() or [""]
        failed = [line.partition(" ")[2] for line in lines if line.startswith(("FAILED ", "ERROR "))]
        named = [test for line in failed for test in self.rank if f"{line} ".startswith(f"{test} ")]
        return next(iter(named + failed), lines[-1])[:200]
