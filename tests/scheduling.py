"""Which worker of pytest-xdist runs which tests (`pytest -n 2`)."""

from xdist.scheduler import LoadFileScheduling

FAULTS = "tests/faults/"


def is_fault(nodeid: str) -> bool:
    return nodeid.startswith(FAULTS)


class FaultsOneByOne(LoadFileScheduling):
    """One worker runs all tests of a file. One also runs all tests that start, kill and freeze installations,
    since two of those at a time would slow each other down.
    """

    def _split_scope(self, nodeid: str) -> str:
        return FAULTS if is_fault(nodeid) else str(super()._split_scope(nodeid))
