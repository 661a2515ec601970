"""One HTTP/1.1 connection on the event loop: reads requests, hands them on, writes answers in order.

A connection is always in one stage, and every stage but `WORK` has a deadline that the client has to keep.
"""

import asyncio
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any

import httptools

from serving import limits, refusals
from serving.answers import Answer, write
from serving.environ import Request
from serving.refusals import Refusal

if TYPE_CHECKING:
    from serving.server import Server

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NEVER = float("inf")
WAITS = b"100-continue"
UPGRADING = frozenset({b"connection", b"upgrade", b"http2-settings"})
READ_BYTES = 256 * 1024  # what asyncio reads at once


class Stage(Enum):
    IDLE = "no request has begun"
    HEAD = "the headers of a request arrive"
    BODY = "its body arrives"
    WORK = "it is answered"
    WRITE = "the client takes the answer"
    DRAIN = "refused; what the client still sends is thrown away"


class Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.parser = httptools.HttpRequestParser(self)
        self.stage, self.deadline = Stage.IDLE, NEVER
        self.request: Request | None = None  # that arrives
        self.complete: deque[Request] = deque()  # in the order in which they are to be answered
        self.unread = b""  # what came while a request was answered
        self.head_size = self.pieces = self.drained = 0
        self.began = 0.0  # the body of the request that arrives
        self.client = ""
        self.ends = self.is_upgrade = False

    # The transport's calls

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=0)  # `resume_writing` says when everything is taken
        peer = transport.get_extra_info("peername")
        self.client = peer[0] if isinstance(peer, tuple) else ""
        self.server.add(self)
        self.enter(Stage.IDLE, limits.FIRST_SECONDS)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.remove(self)
        for request in [*self.complete, *([self.request] if self.request else [])]:
            self.server.release(request)
        self.complete.clear()
        self.enter(Stage.DRAIN, NEVER)

    def data_received(self, data: bytes) -> None:
        if self.stage in (Stage.WORK, Stage.WRITE):
            self.unread += data
            self.transport.pause_reading()
        elif self.stage is Stage.DRAIN:
            self.throw_away(data)
        else:
            self.feed(data)

    def eof_received(self) -> bool:
        """The client sends no more: what it has asked for is still answered."""
        self.ends = True
        if self.stage in (Stage.WORK, Stage.WRITE):
            return True
        self.transport.close()
        return False

    def pause_writing(self) -> None:
        """Not everything was taken at once: `wrote` has begun the stage that waits for it."""

    def resume_writing(self) -> None:
        if self.stage is Stage.WRITE and not self.transport.is_closing():
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
            self.refuse(refusals.malformed(f"this is not HTTP/1.1: {error}"))
        else:
            self.check_pieces(len(data))
        if self.complete and self.stage is not Stage.WORK:
            self.next_request()

    def decline_upgrade(self, rest: bytes) -> None:
        """Read the request, and what came behind it, as if it had not asked for another protocol."""
        request, self.is_upgrade = self.request, False
        assert request  # noqa: S101 - for the type checker, here and below
        kept = [(name, value) for name, value in request.headers if name not in UPGRADING]
        if not request.keeps_alive:
            kept.append((b"connection", b"close"))
        lines = [b"%s %s HTTP/1.1" % (request.method, request.target), *(b"%s: %s" % each for each in kept)]
        self.parser = httptools.HttpRequestParser(self)
        self.feed(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def check_pieces(self, size: int) -> None:
        """A header without an end comes in pieces that the parser does not show."""
        if self.stage is Stage.HEAD:
            self.pieces += size
            if self.pieces > limits.HEAD_BYTES + READ_BYTES:
                self.refuse(refusals.head_too_large(limits.HEAD_BYTES))

    def on_message_begin(self) -> None:
        self.request = Request(b"", b"", "", [], keeps_alive=True)
        self.head_size = self.pieces = 0
        if self.stage is not Stage.WORK:
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
        if self.head_size > limits.HEAD_BYTES or len(self.request.headers) > limits.HEADERS:
            raise refusals.head_too_large(limits.HEAD_BYTES)

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
        request.limit = self.server.limit_of(request.path)
        self.began = self.server.loop.time()
        if self.stage is Stage.HEAD:
            self.stage, self.deadline = Stage.BODY, self.began + limits.GRACE_SECONDS
        self.begin_body(
            request, int(named.get(b"content-length", 0)), waits=named.get(b"expect", b"").lower() == WAITS
        )

    def begin_body(self, request: Request, declared: int, *, waits: bool) -> None:
        if declared > request.limit:
            self.refuse_body(request, declared, waits=waits)
        elif waits:
            self.transport.write(CONTINUE)

    def on_body(self, chunk: bytes) -> None:
        request = self.request
        if request is None or request.is_too_large:
            self.throw_away(chunk)
            return
        request.length += len(chunk)
        if request.length > request.limit:
            request.is_cut_off = True
            self.refuse_body(request, request.length)
            return
        request.chunks.append(chunk)
        if request.length > limits.SMALL_BYTES and not self.server.hold(request):
            raise refusals.server_busy("too many large bodies arrive")
        if self.stage is Stage.BODY:
            self.deadline = self.began + limits.seconds_for(request.length)

    def on_message_complete(self) -> None:
        if self.is_upgrade:
            return
        request, self.request = self.request, None
        if request is None or request.is_too_large:
            return
        request.is_complete = True
        self.complete.append(request)
        if len(self.complete) > limits.PIPELINED:
            raise refusals.server_busy("too many requests were sent ahead of their answers")

    def refuse_body(self, request: Request, size: int, *, waits: bool = False) -> None:
        """Answer now; the rest is thrown away, unless the client waits to be told to send it."""
        self.server.release(request)
        request.chunks.clear()
        request.length, request.is_too_large, request.keeps_alive = size, True, False
        request.is_complete = waits
        self.complete.append(request)

    def throw_away(self, data: bytes) -> None:
        self.drained += len(data)
        if self.drained > limits.DRAINED_BYTES:
            self.transport.abort()

    # Answering

    def next_request(self) -> None:
        """Begin with the request that is next, or wait for one."""
        if self.complete:
            self.enter(Stage.WORK, NEVER)
            self.server.answer(self, self.complete.popleft())
        elif self.ends or self.server.is_stopping:
            self.transport.close()
        else:
            self.read_on()

    def read_on(self) -> None:
        if self.request is None:
            self.enter(Stage.IDLE, limits.IDLE_SECONDS)
        else:  # one has begun behind the last
            self.began = self.server.loop.time()
            self.enter(Stage.BODY if self.request.method else Stage.HEAD, limits.GRACE_SECONDS)
        unread, self.unread = self.unread, b""
        self.transport.resume_reading()
        if unread:
            self.feed(unread)

    def answered(self, request: Request, answer: Answer) -> None:
        """Write the answer of the request in work. Called on the event loop."""
        if self.transport.is_closing():
            return
        self.transport.write(answer.content)
        self.finish(request, closes=answer.closes)

    def finish(self, request: Request, *, closes: bool) -> None:
        if request.is_too_large and not request.is_complete:
            self.linger()
        elif closes:
            self.transport.close()
            self.enter(Stage.WRITE, limits.seconds_for(self.transport.get_write_buffer_size()))
        elif size := self.transport.get_write_buffer_size():
            self.enter(Stage.WRITE, limits.seconds_for(size))
        else:
            self.next_request()

    def refuse(self, refusal: Refusal) -> None:
        """Answer what cannot be read on, and end the connection.

        Where requests before it have no answer yet it would overtake theirs: the connection ends after those.
        """
        if self.request:
            self.server.release(self.request)
        self.request = None
        if self.stage is Stage.WORK or self.complete:
            self.ends = True
            return
        answer = write(
            refusal.status, refusal.headers, refusal.document, closes=True, now=self.server.clock()
        )
        self.transport.write(answer.content)
        self.linger()

    def linger(self) -> None:
        """Say that no more comes, and read on for a while: a client that is reset would lose the answer."""
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.enter(Stage.DRAIN, limits.DRAIN_SECONDS)
        self.unread = b""
        self.transport.resume_reading()

    # Deadlines

    def enter(self, stage: Stage, seconds: float) -> None:
        self.stage, self.deadline = stage, self.server.loop.time() + seconds

    def expire(self) -> None:
        """The deadline of the stage has passed."""
        if self.stage is Stage.HEAD:
            self.refuse(refusals.head_too_slow(limits.HEAD_SECONDS))
        elif self.stage is Stage.BODY:
            rate = limits.MIN_BYTES_PER_SECOND
            self.refuse(refusals.body_too_slow(limits.GRACE_SECONDS, bytes_per_second=rate))
        elif self.stage is Stage.IDLE:
            self.transport.close()
        else:
            self.transport.abort()


def check_head(request: Request) -> dict[bytes, bytes]:
    """The headers by name. Raises `Refusal` for what the parser takes and no application should see."""
    named = dict(request.headers)
    if request.version not in ("1.0", "1.1"):
        raise refusals.malformed(f"HTTP/{request.version} is not read; send HTTP/1.1")
    request.target = without_origin(request.target)
    if not request.target.startswith(b"/"):
        raise refusals.malformed("the request line must name a path that begins with /")
    if (coding := named.get(b"transfer-encoding", b"chunked").lower()) != b"chunked":
        raise refusals.coding_unknown(coding.decode("latin-1")[:80])
    hosts = sum(name == b"host" for name, _ in request.headers)
    if hosts > 1 or (not hosts and request.version == "1.1"):
        raise refusals.malformed("the request must have one Host header")
    return named


def without_origin(target: bytes) -> bytes:
    """The path and query of a request target that also names scheme and host, as proxies may send it.

    >>> without_origin(b"http://localhost:8000/healthz?a=1"), without_origin(b"/healthz")
    (b'/healthz?a=1', b'/healthz')
    """
    if target.startswith((b"http://", b"https://")):
        _, slash, rest = target.partition(b"://")[2].partition(b"/")
        return slash + rest if slash else b"/"
    return target
