"""The transaction that readers of the log wait for: its owner and how to end it."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

# An ordinary role sees null for details of other roles' sessions: those sort last.
_OLDEST = """
    SELECT pid::text, coalesce(usename, ''), coalesce(application_name, ''), coalesce(state, ''), xact_start,
           extract(epoch FROM clock_timestamp() - xact_start)::float8, false
      FROM pg_stat_activity
     WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() AND datname = current_database()
    UNION ALL
    SELECT gid, coalesce(owner, ''), '', 'prepared', prepared,
           extract(epoch FROM clock_timestamp() - prepared)::float8, true
      FROM pg_prepared_xacts WHERE database = current_database()
     ORDER BY 5 LIMIT 1
"""


class OldestWriter(NamedTuple):
    """An open transaction that has written. `name`: the process of its session, or its own if `prepared`."""

    name: str
    user: str
    application: str
    state: str
    since: datetime
    seconds: float
    prepared: bool

    @property
    def in_words(self) -> str:
        application = f", application “{self.application}”" if self.application else ""
        what = "The prepared transaction" if self.prepared else "A transaction of process"
        return (
            f"{what} {self.name} of PostgreSQL (user “{self.user}”{application}, {self.state}) has been open"
            f" since {self.since:%H:%M:%S}, and readers of the log wait for it."
        )

    @property
    def remedy(self) -> str:
        if self.prepared:
            return f"Commit it, or end it with `ROLLBACK PREPARED '{self.name}'`."
        return f"Let its owner commit, or end it with `SELECT pg_terminate_backend({self.name})`."


def oldest_writer() -> OldestWriter | None:
    """The oldest open transaction that has written something, except this session's own."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        row = cursor.fetchone()
    return OldestWriter(*row) if row else None
