"""One HTTP/1.1 connection on the event loop: reads requests, passes them on, writes responses in order.

A connection is always in one stage. Every stage but `PROCESSING` has a deadline that the client must meet.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol

import httptools

from serving import limits, refusals
from serving.environ import Request
from serving.refusals import Refusal
from serving.request_head import check_head
from serving.responses import Response, build_response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NEVER = float("inf")
CONTINUE_EXPECTED = b"100-continue"
UPGRADE_HEADERS = frozenset({b"connection", b"upgrade", b"http2-settings"})
READ_BYTES = 256 * 1024  # what asyncio reads at once


class Stage(Enum):
    IDLE = "waiting for the next request"
    HEAD = "reading request line and headers"
    BODY = "reading the body"
    PROCESSING = "waiting for the response"
    SENDING = "sending the response"
    DRAIN = "refused; discarding what the client still sends"


class ConnectionOwner(Protocol):
    """The part of a server that its connections use."""

    loop: asyncio.AbstractEventLoop
    body_limit: Callable[[str], int]
    clock: Callable[[], float]
    is_stopping: bool

    def add(self, connection: "Connection") -> None: ...

    def remove(self, connection: "Connection") -> None: ...

    def spool_directory(self, path: str) -> Path | None: ...

    def hold(self, request: Request) -> bool: ...

    def release(self, request: Request) -> None: ...

    def answer(self, connection: "Connection", request: Request) -> None: ...


class Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, server: ConnectionOwner) -> None:
        self.server = server
        self.parser = httptools.HttpRequestParser(self)
        self.stage, self.deadline = Stage.IDLE, NEVER
        self.request: Request | None = None  # the one being read
        self.complete: deque[Request] = deque()  # read but not yet processed, in order
        self.unread = b""  # received while a request was processed
        self.head_size = self.head_received = self.drained = 0
        self.body_began = 0.0  # loop time at which the body of `request` began
        self.client = ""
        self.closes_after_requests = self.is_upgrade = False

    # Called by the transport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=0)  # `resume_writing` is called once everything is sent
        peer = transport.get_extra_info("peername")
        self.client = peer[0] if isinstance(peer, tuple) else ""
        self.server.add(self)
        self.enter(Stage.IDLE, limits.FIRST_BYTE_SECONDS)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.remove(self)
        for request in [*self.complete, *([self.request] if self.request else [])]:
            self.server.release(request)
            request.discard_body()
        self.complete.clear()
        self.enter(Stage.DRAIN, NEVER)

    def data_received(self, data: bytes) -> None:
        if self.stage in (Stage.PROCESSING, Stage.SENDING):
            self.unread += data
            self.transport.pause_reading()
        elif self.stage is Stage.DRAIN:
            self.discard(data)
        else:
            self.feed(data)

    def eof_received(self) -> bool:
        """The client has closed its half; its requests are still answered."""
        self.closes_after_requests = True
        if self.stage in (Stage.PROCESSING, Stage.SENDING):
            return True
        self.transport.close()
        return False

    def pause_writing(self) -> None:
        """Nothing to do: `finish` has entered the stage that waits for `resume_writing`."""

    def resume_writing(self) -> None:
        if self.stage is Stage.SENDING and not self.transport.is_closing():
            self.next_request()

    # Reading

    def feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.decline_upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, Refusal):
                raise
            self.refuse(error.__context__)
        except httptools.HttpParserError as error:
            self.refuse(refusals.malformed(f"the request is not HTTP/1.1: {error}"))
        else:
            self.limit_head(len(data))
        if self.complete and self.stage is not Stage.PROCESSING:
            self.next_request()

    def decline_upgrade(self, rest: bytes) -> None:
        """Parse the request and the data after it again, without the headers that ask for an upgrade."""
        request, self.is_upgrade = self.request, False
        assert request  # noqa: S101 - for the type checker, here and below
        kept = [(name, value) for name, value in request.headers if name not in UPGRADE_HEADERS]
        if not request.keeps_alive:
            kept.append((b"connection", b"close"))
        lines = [b"%s %s HTTP/1.1" % (request.method, request.target), *(b"%s: %s" % each for each in kept)]
        self.parser = httptools.HttpRequestParser(self)
        self.feed(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def limit_head(self, size: int) -> None:
        """Bound the head as received: the parser does not report a header before its end."""
        if self.stage is Stage.HEAD:
            self.head_received += size
            if self.head_received > limits.MAX_HEAD_BYTES + READ_BYTES:
                self.refuse(refusals.head_too_large(limits.MAX_HEAD_BYTES))

    def on_message_begin(self) -> None:
        self.request = Request(b"", b"", "", [], keeps_alive=True)
        self.head_size = self.head_received = 0
        if self.stage is not Stage.PROCESSING:
            self.enter(Stage.HEAD, limits.HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        assert self.request  # noqa: S101
        self.request.target += url
        self.count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        assert self.request  # noqa: S101
        self.request.headers.append((name.lower(), value))
        self.count_head(len(name) + len(value) + 4)

    def count_head(self, size: int) -> None:
        assert self.request  # noqa: S101
        self.head_size += size
        if self.head_size > limits.MAX_HEAD_BYTES or len(self.request.headers) > limits.MAX_HEADERS:
            raise refusals.head_too_large(limits.MAX_HEAD_BYTES)

    def on_headers_complete(self) -> None:
        request = self.request
        assert request  # noqa: S101
        request.method = self.parser.get_method()
        request.version = self.parser.get_http_version()
        request.keeps_alive = self.parser.should_keep_alive()
        named = check_head(request)
        if self.parser.should_upgrade():
            self.is_upgrade = True
            return
        request.limit = self.server.body_limit(request.path)
        self.body_began = self.server.loop.time()
        if self.stage is Stage.HEAD:
            self.stage, self.deadline = Stage.BODY, self.body_began + limits.GRACE_SECONDS
        expects = named.get(b"expect", b"").lower() == CONTINUE_EXPECTED
        self.begin_body(request, int(named.get(b"content-length", 0)), expects=expects)

    def begin_body(self, request: Request, declared: int, *, expects: bool) -> None:
        if declared > request.limit:
            self.refuse_body(request, declared, expects=expects)
        elif expects:
            self.transport.write(CONTINUE)

    def on_body(self, chunk: bytes) -> None:
        request = self.request
        if request is None or request.is_too_large:
            self.discard(chunk)
            return
        request.length += len(chunk)
        if request.length > request.limit:
            request.is_cut_off = True
            self.refuse_body(request, request.length)
            return
        self.keep(request, chunk)
        if request.length > limits.SMALL_BYTES and not self.server.hold(request):
            raise refusals.server_busy("too many large bodies are being received")
        if self.stage is Stage.BODY:
            self.deadline = self.body_began + limits.seconds_for(request.length)

    def keep(self, request: Request, chunk: bytes) -> None:
        """Keep a part of the body: in memory, or in a file if the site has a directory for its path."""
        directory = self.server.spool_directory(request.path)
        if directory is None:
            request.chunks.append(chunk)
            return
        try:
            if request.spool is None:
                request.spool = TemporaryFile(dir=directory)  # noqa: SIM115 - closed with its request
            request.spool.write(chunk)  # into the page cache, so the loop does not wait for the disk
        except OSError as error:
            raise refusals.server_busy(f"the body cannot be stored: {error.strerror}") from error

    def on_message_complete(self) -> None:
        if self.is_upgrade:
            return
        request, self.request = self.request, None
        if request is None or request.is_too_large:
            return
        request.is_complete = True
        self.complete.append(request)
        if len(self.complete) > limits.MAX_PIPELINED:
            raise refusals.server_busy("too many requests were sent before the responses to earlier ones")

    def refuse_body(self, request: Request, size: int, *, expects: bool = False) -> None:
        """Refuse the body at once. The rest is discarded, unless the client awaits `100 Continue`."""
        self.server.release(request)
        request.discard_body()
        request.length, request.is_too_large, request.keeps_alive = size, True, False
        request.is_complete = expects
        self.complete.append(request)

    def discard(self, data: bytes) -> None:
        self.drained += len(data)
        if self.drained > limits.MAX_DRAINED_BYTES:
            self.transport.abort()

    # Responding

    def next_request(self) -> None:
        """Process the next request, or read one."""
        if self.complete:
            self.enter(Stage.PROCESSING, NEVER)
            self.server.answer(self, self.complete.popleft())
        elif self.closes_after_requests or self.server.is_stopping:
            self.transport.close()
        else:
            self.read_next()

    def read_next(self) -> None:
        if self.request is None:
            self.enter(Stage.IDLE, limits.IDLE_SECONDS)
        else:  # its beginning came with the last request
            self.body_began = self.server.loop.time()
            self.enter(Stage.BODY if self.request.method else Stage.HEAD, limits.GRACE_SECONDS)
        unread, self.unread = self.unread, b""
        self.transport.resume_reading()
        if unread:
            self.feed(unread)

    def respond(self, request: Request, response: Response) -> None:
        """Write the response to the request in processing. Called on the event loop."""
        if self.transport.is_closing():
            return
        self.transport.write(response.content)
        self.finish(request, closes=response.closes)

    def finish(self, request: Request, *, closes: bool) -> None:
        if request.is_too_large and not request.is_complete:
            self.linger()
        elif closes:
            self.transport.close()
            self.enter(Stage.SENDING, limits.seconds_for(self.transport.get_write_buffer_size()))
        elif size := self.transport.get_write_buffer_size():
            self.enter(Stage.SENDING, limits.seconds_for(size))
        else:
            self.next_request()

    def refuse(self, refusal: Refusal) -> None:
        """Answer an unreadable request and end the connection.

        While earlier requests are unanswered, nothing is sent: the connection ends after their responses.
        """
        if self.request:
            self.server.release(self.request)
            self.request.discard_body()
        self.request = None
        if self.stage is Stage.PROCESSING or self.complete:
            self.closes_after_requests = True
            return
        response = build_response(
            refusal.status, refusal.headers, refusal.document, closes=True, now=self.server.clock()
        )
        self.transport.write(response.content)
        self.linger()

    def linger(self) -> None:
        """Close our half and keep reading for a while: a reset would cost the client the response."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.enter(Stage.DRAIN, limits.DRAIN_SECONDS)
        self.unread = b""
        self.transport.resume_reading()

    # Deadlines

    def enter(self, stage: Stage, seconds: float) -> None:
        self.stage, self.deadline = stage, self.server.loop.time() + seconds

    def expire(self) -> None:
        """Act on the passed deadline of the stage."""
        if self.stage is Stage.HEAD:
            self.refuse(refusals.head_too_slow(limits.HEAD_SECONDS))
        elif self.stage is Stage.BODY:
            rate = limits.MIN_BYTES_PER_SECOND
            self.refuse(refusals.body_too_slow(limits.GRACE_SECONDS, bytes_per_second=rate))
        elif self.stage is Stage.IDLE:
            self.transport.close()
        else:
            self.transport.abort()
