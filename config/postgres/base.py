"""Django's PostgreSQL backend with deadlines and a health check that usually needs no query."""

import logging
import select
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
from django.db import OperationalError
from django.db.backends.postgresql import base

from config.postgres import hung
from scoring import deadlines

logger = logging.getLogger(__name__)

# Seconds between two health checks by query: a proxy may have dropped a connection silently.
ASKED_SECONDS = 30.0
HEALTHY_SECONDS = 1.0  # to answer it; otherwise the connection is replaced

# Without keepalives, a process would wait for hours for a server that vanished. They have no effect on a Unix
# socket. The application name is shown in the server's views of sessions.
CONNECTING = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "fallback_application_name": f"assay {Path(sys.argv[0]).name}"[:63],
}
# Session settings. `client_connection_check_interval`: the server ends a statement whose client has given up,
# so that it neither occupies a connection nor runs once its lock is free. The others keep the values of
# statements, including personal ones, out of the server's log; only a superuser or a role with that privilege
# can set them.
SESSION = {"client_connection_check_interval": "2s"}
LOGGING = {
    "log_min_error_statement": "panic",  # otherwise every failing statement is logged with its values
    "log_error_verbosity": "terse",  # without DETAIL, which names the values of a key
    "log_parameter_max_length": "0",
}
CONFIGURE = "SELECT set_config(name, value, false) FROM unnest(%s, %s) AS given (name, value)"
MAY_SET = " WHERE has_parameter_privilege(name, 'SET')"
MAY_SET_BEFORE_15 = " WHERE current_setting('is_superuser') = 'on'"


class DatabaseWrapper(base.DatabaseWrapper):
    """A persistent connection with a health check of microseconds and the deadline of its request.

    Django runs `SELECT 1` before the first query of every request. A server that stops or restarts closes
    every connection, which makes the socket readable; a connection whose socket is not readable and that
    answered recently is healthy. Others, and those that have failed, are checked by a query.
    """

    _healthy_at = float("-inf")

    def is_usable(self) -> bool:
        if self._is_quiet():
            return True
        with deadlines.within(HEALTHY_SECONDS):
            usable = bool(super().is_usable())
        if usable:
            self._healthy_at = time.monotonic()
        return usable

    def close_if_unusable_or_obsolete(self) -> None:
        if self.errors_occurred:
            self._healthy_at = float("-inf")
        super().close_if_unusable_or_obsolete()

    def _is_quiet(self) -> bool:
        now = time.monotonic()
        if now - self._healthy_at > ASKED_SECONDS or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return not poll.poll(0)

    def _cursor(self, name: Any = None) -> Any:
        if hung.breaker.is_open:
            raise OperationalError("PostgreSQL did not answer a moment ago, so nothing is sent to it for now")
        return super()._cursor(name)  # type: ignore[misc]

    def get_connection_params(self) -> dict[str, Any]:
        return CONNECTING | super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._healthy_at = time.monotonic()
        left = deadlines.seconds_left()
        connect = super().get_new_connection
        if left is None:
            connection = connect(conn_params)
        else:
            connection = hung.connect_in_time(connect, conn_params, seconds=left)
        hung.watch(connection)
        return connection

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if self.connection is not None:
            configure_session(self.connection)


def configure_session(connection: Any) -> None:
    """Apply the session settings that the server allows this role to change."""
    may_set = MAY_SET if connection.server_version >= 150_000 else MAY_SET_BEFORE_15
    try:
        with connection.cursor() as cursor:
            cursor.execute(CONFIGURE, [list(SESSION), list(SESSION.values())])
            cursor.execute(CONFIGURE + may_set, [list(LOGGING), list(LOGGING.values())])
    except psycopg2.DatabaseError as error:
        logger.warning("the settings of the PostgreSQL session could not be changed: %s", error)
