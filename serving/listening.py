"""The listening socket: owned by one server, or inherited from a supervisor."""

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
# A connection whose client reads none of its response for this long is closed (Linux).
TCP_USER_TIMEOUT_MS = 60_000


class PortUnavailable(Exception):
    """The server cannot listen on an address; the message says why and what to do."""


def listen(host: str, port: int, *, wait_seconds: float = 0.0) -> socket.socket:
    """Listen on an address that no other process listens on. Raises `PortUnavailable`.

    `wait_seconds` is how long to wait for an address in use. The kernel closes the sockets of a killed
    process only after freeing its memory, some 10 ms after its parent has been told.

    SO_REUSEPORT is not set: with it, two servers of one user would share the port and split the requests.
    """
    if not 0 <= port <= MAX_PORT:
        raise PortUnavailable(f"ASSAY_PORT={port} is not a port; choose one from 1 to {MAX_PORT}.")
    deadline = time.monotonic() + wait_seconds
    try:
        while True:
            try:
                return _listen(host, port)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                    raise
                time.sleep(RETRY_SECONDS)
    except (socket.gaierror, UnicodeError) as error:
        raise PortUnavailable(
            f"ASSAY_HOST={host!r} cannot be resolved to an address; use one of this machine, such as"
            " 127.0.0.1."
        ) from error
    except OSError as error:
        raise PortUnavailable(
            f"Cannot listen on {host}:{port} ({error.strerror}). Stop the process that uses the port, or"
            f" choose another: ASSAY_PORT={port + 1}"
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Leftover connections of a stopped server do not matter; another listener does.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    tune(listener)
    return listener


def tune(listener: socket.socket) -> None:
    """Set options that each accepted connection inherits."""
    if listener.family in (socket.AF_INET, socket.AF_INET6):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if timeout := getattr(socket, "TCP_USER_TIMEOUT", None):
            listener.setsockopt(socket.IPPROTO_TCP, timeout, TCP_USER_TIMEOUT_MS)


def inherit_socket() -> socket.socket | None:
    """The socket that a supervisor or systemd (socket activation) holds for this process, if any.

    Raises `PortUnavailable` for a supervisor's number that is not an open socket's.
    """
    if number := os.environ.pop(FD_VARIABLE, ""):
        return _open_socket(number)
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=FIRST_SYSTEMD_FD)
    return None


def _open_socket(number: str) -> socket.socket:
    try:
        return socket.socket(fileno=int(number))
    except (ValueError, OSError):
        raise PortUnavailable(
            f"{FD_VARIABLE}={number!r} is not the file descriptor of an open socket; unset it, and the server"
            " listens on ASSAY_HOST and ASSAY_PORT."
        ) from None


def read_address(environment: Mapping[str, str]) -> tuple[str, int]:
    """The address from ASSAY_HOST and ASSAY_PORT. Raises `PortUnavailable`."""
    host, port = environment.get("ASSAY_HOST") or "127.0.0.1", environment.get("ASSAY_PORT") or "8000"
    if not port.isdecimal():
        raise PortUnavailable(f"ASSAY_PORT={port!r} is not a port; choose one from 1 to {MAX_PORT}.")
    return host, int(port)
