"""The listening socket: one owner for a port, and handed down where a supervisor holds it."""

import errno
import os
import socket
import time
from collections.abc import Mapping

BACKLOG = 1024
MAX_PORT = 65_535
RETRY_SECONDS = 0.02
FD_VARIABLE = "ASSAY_LISTEN_FD"
FIRST_SYSTEMD_FD = 3
# A client that takes nothing of its answer for so long loses its connection (Linux).
UNREAD_MILLISECONDS = 60_000


class PortUnavailable(Exception):
    """An address that cannot be listened at; the message says why and what to do."""


def listen(host: str, port: int, *, patience: float = 0.0) -> socket.socket:
    """Listen at an address that nothing else listens at. Raises `PortUnavailable`.

    `patience`: how many seconds to wait for an address in use. The kernel closes the sockets of a killed
    process only once its memory is freed, some hundredths of a second after its parent is told of its end.

    Without SO_REUSEPORT: with it, two servers of one user would share the port and each get some of the
    requests.
    """
    if not 0 <= port <= MAX_PORT:
        raise PortUnavailable(f"ASSAY_PORT={port} is no port; choose one from 1 to {MAX_PORT}.")
    deadline = time.monotonic() + patience
    try:
        while True:
            try:
                return _listen(host, port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                    raise
                time.sleep(RETRY_SECONDS)
    except OSError as error:
        raise PortUnavailable(
            f"Cannot listen at {host}:{port} ({error.strerror}). Stop what uses the port, or choose another:"
            f" ASSAY_PORT={port + 1}"
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Connections of a server that has ended are no obstacle; one that listens is.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    tune(listener)
    return listener


def tune(listener: socket.socket) -> None:
    """Options that each accepted connection inherits."""
    if listener.family in (socket.AF_INET, socket.AF_INET6):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if timeout := getattr(socket, "TCP_USER_TIMEOUT", None):
            listener.setsockopt(socket.IPPROTO_TCP, timeout, UNREAD_MILLISECONDS)


def inherited() -> socket.socket | None:
    """The socket that a supervisor or systemd (socket activation) holds for this process, if one does."""
    if number := os.environ.pop(FD_VARIABLE, ""):
        return socket.socket(fileno=int(number))
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=FIRST_SYSTEMD_FD)
    return None


def chosen_address(environment: Mapping[str, str]) -> tuple[str, int]:
    """ASSAY_HOST and ASSAY_PORT. Raises `PortUnavailable`."""
    host, port = environment.get("ASSAY_HOST") or "127.0.0.1", environment.get("ASSAY_PORT") or "8000"
    if not port.isdecimal():
        raise PortUnavailable(f"ASSAY_PORT={port!r} is no port; choose one from 1 to {MAX_PORT}.")
    return host, int(port)
