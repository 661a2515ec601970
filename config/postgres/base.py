"""Django's PostgreSQL backend, with deadlines, and a health check that asks the socket before the server."""

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

# Seconds between two checks by query: a proxy in between may have dropped a connection silently.
ASKED_SECONDS = 30.0
HEALTHY_SECONDS = 1.0  # to answer that; a connection that does not is replaced

# A server that vanishes says nothing: without these a process waits for it for hours. Over a Unix socket they
# have no effect. The name is what the server's own views show of a session.
CONNECTING = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "fallback_application_name": f"assay {Path(sys.argv[0]).name}"[:63],
}
# Of a session. `client_connection_check_interval`: a statement whose client has given up is ended by the
# server too, and neither keeps a place nor is carried out when its lock comes free. The others keep values of
# statements, personal ones among them, out of the server's log; setting them takes a superuser, or a role
# that was granted it.
SESSION = {"client_connection_check_interval": "2s"}
LOGGING = {
    "log_min_error_statement": "panic",  # else every failing statement is logged with its values
    "log_error_verbosity": "terse",  # without DETAIL, which names the values of a key
    "log_parameter_max_length": "0",
}
CONFIGURE = "SELECT set_config(name, value, false) FROM unnest(%s, %s) AS given (name, value)"
MAY_SET = " WHERE has_parameter_privilege(name, 'SET')"
MAY_SET_BEFORE_15 = " WHERE current_setting('is_superuser') = 'on'"


class DatabaseWrapper(base.DatabaseWrapper):
    """A kept connection whose health costs microseconds, and that waits no longer than its request may.

    Django asks `SELECT 1` before the first query of every request. A server that ends or restarts says so on
    every connection and closes it, which makes the socket readable; a quiet one that
    answered a moment ago is alive. Any other, and one that has failed, is asked as Django does.
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
            raise OperationalError("PostgreSQL did not answer a moment ago and is left alone")
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
        logger.warning("the session of PostgreSQL is left as it is: %s", error)
