"""Outages: errors that say the database cannot be used, not that a statement or an entry is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

from scoring.log.errors import LogAheadOfCluster

# Unreachable, hung, full, starting, failing over, out of connections; an interface error if the connection
# has been closed meanwhile. The next attempt may succeed.
OUTAGES = (OperationalError, InterfaceError, LogAheadOfCluster)
READ_ONLY = "25006"  # a standby or read-only server, for which Django raises InternalError


def is_outage(error: BaseException) -> bool:
    """Whether the only remedy is to try again later."""
    return isinstance(error, OUTAGES) or getattr(error.__cause__, "pgcode", None) == READ_ONLY


class EntriesFailed(Exception):
    """Entries cannot be read or handled, for a reason other than an outage."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def entry_failures() -> Iterator[None]:
    """Raise EntriesFailed for any error but an outage: the edge between the log and its consumers."""
    try:
        yield
    except Exception as error:
        if is_outage(error):
            raise
        raise EntriesFailed(error) from error
