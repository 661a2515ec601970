"""Which worker of pytest-xdist runs which tests (`pytest -n 3`)."""

from xdist.scheduler import LoadFileScheduling

FAULTS, BROWSER = "tests/faults/", "tests/browser/"


def is_fault(nodeid: str) -> bool:
    return nodeid.startswith(FAULTS)


class ByFile(LoadFileScheduling):
    """One worker runs all tests of a file.

    One also runs all tests that start, kill and freeze installations, since two of those at a time would slow
    each other down; and one all tests that need a browser, which is started once.
    """

    def _split_scope(self, nodeid: str) -> str:
        together = next(filter(nodeid.startswith, (FAULTS, BROWSER)), None)
        return together or str(super()._split_scope(nodeid))
