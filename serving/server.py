"""The server of one process: connections on an event loop, a WSGI application in threads.

The loop reads each request completely before it takes a thread, and it sends each response. A slow client
therefore never occupies a thread.
"""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from serving import limits, refusals
from serving.byte_budget import ByteBudget
from serving.connection import Connection, Stage
from serving.environ import Request, build_environ
from serving.refusals import Refusal
from serving.responses import Response, StartResponse, build_response, collect_response
from serving.threads import ThreadPool

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
SWEEP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Site:
    """A WSGI application served by `threads`, and by separate pools for the paths of `dedicated`."""

    application: Application
    threads: int
    body_limit: Callable[[str], int]  # maximum body size in bytes, by path
    rejects_large_bodies: Callable[[str], bool]  # whether the application does so itself, by path
    dedicated: Mapping[str, str] = field(default_factory=dict)  # pool name by path
    threads_per_dedicated: int = 2
    spool_directory: Callable[[str], Path | None] = lambda path: None  # where bodies go as files, by path


class Server:
    """The connections of a process, their thread pools and byte budgets."""

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.time) -> None:
        self.site, self.clock = site, clock
        self.body_limit, self.spool_directory = site.body_limit, site.spool_directory
        self.loop = asyncio.get_running_loop()
        self.connections: dict[Connection, None] = {}
        self.received = ByteBudget(limits.MAX_RECEIVED_BYTES)
        self.processing = ByteBudget(limits.MAX_PROCESSING_BYTES)
        self.spooled = ByteBudget(limits.MAX_SPOOLED_BYTES)
        self.pool = ThreadPool(threads=site.threads, name="web", max_waiting=limits.MAX_WAITING_REQUESTS)
        dedicated = {
            name: ThreadPool(threads=site.threads_per_dedicated, name=name, max_waiting=32)
            for name in set(site.dedicated.values())
        }
        self.dedicated = {path: dedicated[name] for path, name in site.dedicated.items()}
        self.address = ("", 0)
        self.is_stopping = False
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(
        self, listener: socket.socket, *, stop: asyncio.Event, ready: Callable[[], object]
    ) -> None:
        """Serve until `stop` is set, then finish the requests in progress."""
        self.address = address_of(listener)
        listening = await self.loop.create_server(
            partial(Connection, self), sock=listener, backlog=limits.MAX_CONNECTIONS // 4
        )
        ready()
        sweeper = asyncio.create_task(self.sweep())
        await stop.wait()
        self.is_stopping = True
        listening.close()
        await self.finish()
        sweeper.cancel()

    async def finish(self) -> None:
        """Wait for requests in progress and close idle connections.

        Idle connections close after a delay: a request that is on its way is still answered.
        """
        began = self.loop.time()
        while self.connections and (passed := self.loop.time() - began) < limits.STOP_SECONDS:
            for connection in list(self.connections):
                if connection.stage is Stage.IDLE and passed > limits.STOP_IDLE_SECONDS:
                    connection.transport.close()
            await asyncio.sleep(0.05)

    # Connections

    def add(self, connection: Connection) -> None:
        self.connections[connection] = None
        if len(self.connections) > limits.MAX_CONNECTIONS:
            self.close_longest_waiting()

    def remove(self, connection: Connection) -> None:
        self.connections.pop(connection, None)

    def close_longest_waiting(self) -> None:
        """Close the connection that has waited for its client the longest."""
        waiting = (each for each in self.connections if each.stage is not Stage.PROCESSING)
        oldest = min(waiting, key=lambda each: each.deadline, default=None)
        if oldest:
            oldest.transport.abort()

    async def sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self.loop.time()
            for connection in [each for each in self.connections if each.deadline < now]:
                connection.expire()

    # Bodies

    def hold(self, request: Request) -> bool:
        """Count the received part of a large body; False if the budget is exhausted."""
        more = request.length - request.held
        if not self._budget_of(request).take(more):
            return False
        request.held += more
        return True

    def release(self, request: Request) -> None:
        self._budget_of(request).give_back(request.held)
        request.held = 0

    def _budget_of(self, request: Request) -> ByteBudget:
        return self.received if request.spool is None else self.spooled

    # Requests

    def answer(self, connection: Connection, request: Request) -> None:
        if request.spool is not None:
            self.submit(connection, request, self.respond_to_spooled)
        elif request.held:
            task = self.loop.create_task(self.process_large(connection, request))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif request.is_too_large and not self.site.rejects_large_bodies(request.path):
            size = None if request.is_cut_off else request.length
            self.refuse(connection, request, refusals.body_too_large(size, limit=request.limit))
        else:
            self.submit(connection, request, self.respond)

    def respond_to_spooled(self, connection: Connection, request: Request, response: Response) -> None:
        self.release(request)
        request.discard_body()
        self.respond(connection, request, response)

    async def process_large(self, connection: Connection, request: Request) -> None:
        """Process a request with a large body once the budget has room for it."""
        try:
            async with self.processing.hold(request.held, seconds=limits.PROCESSING_WAIT_SECONDS):
                result: asyncio.Future[Response] = self.loop.create_future()
                self.submit(connection, request, lambda _, __, response: result.set_result(response))
                response = await result
        except TimeoutError:
            self.refuse(connection, request, refusals.server_busy("too many large bodies are in processing"))
        else:
            self.respond(connection, request, response)
        finally:
            self.release(request)

    def submit(
        self,
        connection: Connection,
        request: Request,
        done: Callable[[Connection, Request, Response], object],
    ) -> None:
        """Call the application in a thread; `done` is then called on the loop."""
        pool = self.dedicated.get(request.path, self.pool)
        if pool.is_full:
            busy = refusals.server_busy("too many requests are waiting")
            done(connection, request, self.write_refusal(request, busy))
        else:
            pool.submit(partial(self.work, connection, request, done))

    def work(
        self,
        connection: Connection,
        request: Request,
        done: Callable[[Connection, Request, Response], object],
    ) -> None:
        """Call the application and pass its response to the loop. Runs in a thread."""
        response = Response(b"", closes=True)
        try:
            response = self.call(connection, request)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended with the server
                self.loop.call_soon_threadsafe(done, connection, request, response)

    def call(self, connection: Connection, request: Request) -> Response:
        start = StartResponse()
        environ = build_environ(request, server=self.address, client=connection.client)
        request.chunks.clear()
        body = self.site.application(environ, start)
        is_head, closes = request.method == b"HEAD", self.closes(request)
        return collect_response(start, body, is_head=is_head, closes=closes, now=self.clock())

    def closes(self, request: Request) -> bool:
        return self.is_stopping or not request.keeps_alive

    def respond(self, connection: Connection, request: Request, response: Response) -> None:
        if response.file is None:
            connection.respond(request, response)
        else:
            task = self.loop.create_task(self.send_file(connection, request, response))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def send_file(self, connection: Connection, request: Request, response: Response) -> None:
        assert response.file  # noqa: S101 - for the type checker
        size = int(response.file.file.seek(0, 2))
        response.file.file.seek(0)
        try:
            connection.transport.write(response.content)
            async with asyncio.timeout(limits.seconds_for(size)):
                await self.loop.sendfile(connection.transport, response.file.file)
            connection.finish(request, closes=response.closes)
        except (OSError, RuntimeError, TimeoutError):
            connection.transport.abort()  # the client is gone or too slow
        finally:
            response.file.close()

    def refuse(self, connection: Connection, request: Request, refusal: Refusal) -> None:
        connection.respond(request, self.write_refusal(request, refusal))

    def write_refusal(self, request: Request, refusal: Refusal) -> Response:
        return build_response(
            refusal.status,
            refusal.headers,
            refusal.document,
            is_head=request.method == b"HEAD",
            closes=self.closes(request),
            now=self.clock(),
        )


def address_of(listener: socket.socket) -> tuple[str, int]:
    name = listener.getsockname()
    return (name[0], name[1]) if isinstance(name, tuple) else ("localhost", 80)


def run(site: Site, listener: socket.socket, *, ready: Callable[[], object] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT."""
    asyncio.run(_run(site, listener, ready))


async def _run(site: Site, listener: socket.socket, ready: Callable[[], object]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Server(site).serve(listener, stop=stop, ready=ready)
