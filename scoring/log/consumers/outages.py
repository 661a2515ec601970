"""Outages: errors that say the database cannot be used, not that a statement or an entry is wrong."""

from django.db import InterfaceError, OperationalError

from scoring.log.errors import LogAheadOfCluster

# Unreachable, hung, full, starting, failing over, out of connections; an interface error if the connection
# has been closed meanwhile. The next attempt may succeed.
OUTAGES = (OperationalError, InterfaceError, LogAheadOfCluster)
READ_ONLY = "25006"  # a standby or read-only server, for which Django raises InternalError


def is_outage(error: BaseException) -> bool:
    """Whether the only remedy is to try again later."""
    return isinstance(error, OUTAGES) or getattr(error.__cause__, "pgcode", None) == READ_ONLY
