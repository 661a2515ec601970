"""A server on a free port with a small application, and clients that speak HTTP to it byte by byte."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from serving.listening import listen
from serving.server import Server, Site


class RunningServer:
    """A server in its own thread."""

    def __init__(self, site: Site) -> None:
        self.listener = listen("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        self.site, self.began = site, threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.thread.start()
        self.began.wait(10)

    async def _serve(self) -> None:
        self.stop_event = asyncio.Event()
        self.server = Server(self.site)
        self.loop = asyncio.get_running_loop()
        await self.server.serve(self.listener, stop=self.stop_event, ready=self.began.set)

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stop_event.set)
            self.thread.join(20)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def send(self, *parts: bytes) -> bytes:
        """Everything the server sends in response to `parts` until it closes the connection."""
        with self.connect() as client:
            for part in parts:
                client.sendall(part)
            return read_all(client)


def read_all(client: socket.socket) -> bytes:
    received = b""
    while chunk := client.recv(65_536):
        received += chunk
    return received


def read_response(client: socket.socket) -> tuple[int, bytes]:
    """Status and body of one response with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65_536)
    return int(head[9:12]), body


@pytest.fixture
def serve() -> Iterator[Callable[..., RunningServer]]:
    """`running = serve(respond)`; `respond` maps the environ to status and body."""
    started: list[RunningServer] = []

    def start(respond: Callable[[dict[str, Any]], tuple[str, bytes]], **options: Any) -> RunningServer:
        def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            status, body = respond(environ)
            start_response(status, [("Content-Type", "text/plain")])
            return [body]

        site = Site(
            options.pop("application", application),
            threads=options.pop("threads", 2),
            body_limit=options.pop("body_limit", lambda path: 100_000),
            rejects_large_bodies=options.pop("rejects_large_bodies", lambda path: path.startswith("/api/")),
            **options,
        )
        started.append(RunningServer(site))
        return started[-1]

    yield start
    for running in started:
        running.stop()


def echo(environ: dict[str, Any]) -> tuple[str, bytes]:
    body = environ["wsgi.input"].read()
    return "200 OK", f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {len(body)}".encode()
