"""Which errors say that the database cannot be used, and not that a statement or an entry is wrong."""

from django.db import InterfaceError, OperationalError

from scoring.log.errors import LogAheadOfCluster

# Away, hung, full, starting, failing over, out of connections; an interface error where the connection has
# been closed meanwhile. What is raised by the next attempt may well be nothing.
OUTAGES = (OperationalError, InterfaceError, LogAheadOfCluster)
READ_ONLY = "25006"  # a standby, or a server that was told to take no writes: an InternalError to Django


def is_outage(error: BaseException) -> bool:
    """Whether trying again later is all that helps."""
    return isinstance(error, OUTAGES) or getattr(error.__cause__, "pgcode", None) == READ_ONLY
