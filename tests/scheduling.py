"""Assigns tests to the workers of pytest-xdist (`pytest -n 2`)."""

from xdist.scheduler import LoadFileScheduling

FAULTS = "tests/faults/"


def is_fault(nodeid: str) -> bool:
    return nodeid.startswith(FAULTS)


class FaultsOneByOne(LoadFileScheduling):
    """Each file's tests run on one worker. All fault tests also run on one worker, because two deployments
    at a time would slow each other down.
    """

    def _split_scope(self, nodeid: str) -> str:
        return FAULTS if is_fault(nodeid) else str(super()._split_scope(nodeid))
