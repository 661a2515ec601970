"""A hung PostgreSQL: a request gives up its statement at its deadline, and later requests fail at once.

A stopped server, a lost network or a lock held elsewhere sends nothing on the connection, and no timeout of
the server ends the wait. Shutting down the socket does: the waiting thread gets an error at once.
"""

import os
import socket
import weakref
from concurrent.futures import Future
from threading import Thread, get_ident
from typing import Any

import psycopg2
from django.db import connections
from psycopg2.extensions import TRANSACTION_STATUS_ACTIVE

from scoring import deadlines
from scoring.futures import complete
from scoring.signals.breaker import Breaker

PROBE_SECONDS = 2
# A statement may wait for a lock on a healthy server, which serves other requests meanwhile.
GRACE_SECONDS = 0.2

_connections: dict[int, "weakref.ref[Any]"] = {}


def watch(connection: Any) -> None:
    """Interrupt statements of this thread's connection when its deadline has passed."""
    _connections[get_ident()] = weakref.ref(connection)


def interrupt(thread: int) -> None:
    """End the statement that a thread waits for by shutting down its socket, which loses the connection."""
    reference = _connections.get(thread)
    connection = reference() if reference else None
    if connection is None or connection.closed:
        return
    if connection.info.transaction_status == TRANSACTION_STATUS_ACTIVE:
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)
        breaker.trip()


def connect_in_time(connect: Any, parameters: dict[str, Any], *, seconds: float) -> Any:
    """The result of `connect(parameters)`. Raises psycopg2.OperationalError after `seconds`.

    There is no socket to shut down yet, so a separate thread connects, and closes a late connection.
    """
    connected: Future[Any] = Future()
    Thread(target=complete, args=(connected, connect, parameters), name="connect", daemon=True).start()
    try:
        return connected.result(timeout=seconds)
    except TimeoutError:
        connected.add_done_callback(_close_late)
        breaker.trip()
        raise psycopg2.OperationalError("PostgreSQL did not accept a connection in time") from None


def _close_late(connected: "Future[Any]") -> None:
    if connected.exception() is None:
        connected.result().close()


def _probe() -> None:
    """Connect and query as any client would; an error from the server is an answer too."""
    parameters = connections["default"].get_connection_params()
    asking = psycopg2.connect(**{**parameters, "connect_timeout": PROBE_SECONDS})
    try:
        with asking.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        asking.close()


breaker = Breaker("PostgreSQL", _probe, grace=GRACE_SECONDS)
deadlines.register_interrupter(interrupt)
