"""A real HTTP server on this machine that plays the service of an external signal."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class FakeService:
    """Answers as told: `status`, `body` (bytes, or what becomes JSON), after `delay` seconds."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    trickle: float = 0.0  # seconds between two bytes of the body
    url: str = ""
    written: int = 0  # bytes of the body, if they trickle
    asked: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)  # the headers of each request

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@contextmanager
def running_service(**options: Any) -> Iterator[FakeService]:
    service = FakeService(**options)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(service))
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}/score"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def _handler_of(service: FakeService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            service.asked.append(json.loads(sent))
            service.seen.append(dict(self.headers))
            time.sleep(service.delay)
            try:
                self._answer(service.content())
            except OSError:
                return  # the client has gone

        def _answer(self, content: bytes) -> None:
            self.send_response(service.status)
            for name, value in service.headers.items():
                self.send_header(name, value)
            if service.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if not service.trickle:
                self.wfile.write(content)
            for byte in content if service.trickle else b"":
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                service.written += 1
                time.sleep(service.trickle)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    return Handler
