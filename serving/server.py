"""The server of one process: connections on an event loop, a WSGI application in threads.

The loop reads each request to its end before a thread is taken, and writes each answer: a client decides how
long it waits itself, but not how long a thread does.
"""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from serving import limits, refusals
from serving.answers import Answer, Start, collect, write
from serving.connection import Connection, Stage
from serving.environ import Request, build_environ
from serving.refusals import Refusal
from serving.room import Room
from serving.threads import ThreadPool

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
SWEEP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: a WSGI application in `threads`, and the paths of `beside` in pools of their own."""

    application: Application
    threads: int
    limit_of: Callable[[str], int]  # the largest body of a path
    refuses_itself: Callable[[str], bool]  # whether the application answers a body that is too large
    beside: Mapping[str, str] = field(default_factory=dict)  # a pool's name by path
    threads_beside: int = 2


class Server:
    """The connections of a process, and what they share."""

    def __init__(self, site: Site, *, clock: Callable[[], float] = time.time) -> None:
        self.site, self.clock, self.limit_of = site, clock, site.limit_of
        self.loop = asyncio.get_running_loop()
        self.connections: dict[Connection, None] = {}
        self.arrived, self.worked = Room(limits.ARRIVED_BYTES), Room(limits.WORKED_BYTES)
        self.pool = ThreadPool(threads=site.threads, name="web", max_waiting=limits.WAITING_REQUESTS)
        beside = {
            name: ThreadPool(threads=site.threads_beside, name=name, max_waiting=32)
            for name in set(site.beside.values())
        }
        self.beside = {path: beside[name] for path, name in site.beside.items()}
        self.address = ("", 0)
        self.is_stopping = False
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(
        self, listener: socket.socket, *, stop: asyncio.Event, ready: Callable[[], object]
    ) -> None:
        """Serve until `stop` is set, then finish what is in work."""
        self.address = address_of(listener)
        listening = await self.loop.create_server(
            partial(Connection, self), sock=listener, backlog=limits.CONNECTIONS // 4
        )
        ready()
        sweeper = asyncio.create_task(self.sweep())
        await stop.wait()
        self.is_stopping = True
        listening.close()
        await self.finish()
        sweeper.cancel()

    async def finish(self) -> None:
        """Wait for what is in work, and close idle connections.

        Those not at once: a request may be on its way, and is still answered.
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
        if len(self.connections) > limits.CONNECTIONS:
            self.make_place()

    def remove(self, connection: Connection) -> None:
        self.connections.pop(connection, None)

    def make_place(self) -> None:
        """Close the connection whose client has kept it waiting the longest."""
        waiting = (each for each in self.connections if each.stage is not Stage.WORK)
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
        """Count what has arrived of a large body; False where too much has."""
        more = request.length - request.held
        if not self.arrived.take(more):
            return False
        request.held += more
        return True

    def release(self, request: Request) -> None:
        self.arrived.give_back(request.held)
        request.held = 0

    # Requests

    def answer(self, connection: Connection, request: Request) -> None:
        if request.held:
            task = self.loop.create_task(self.answer_large(connection, request))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif request.is_too_large and not self.site.refuses_itself(request.path):
            size = None if request.is_cut_off else request.length
            self.refuse(connection, request, refusals.body_too_large(size, limit=request.limit))
        else:
            self.submit(connection, request, self.respond)

    async def answer_large(self, connection: Connection, request: Request) -> None:
        """Answer once there is room for its body among those in work."""
        try:
            async with self.worked.hold(request.held, seconds=limits.WAIT_SECONDS):
                answered: asyncio.Future[Answer] = self.loop.create_future()
                self.submit(connection, request, lambda _, __, answer: answered.set_result(answer))
                answer = await answered
        except TimeoutError:
            self.refuse(connection, request, refusals.server_busy("too many large bodies are in work"))
        else:
            self.respond(connection, request, answer)
        finally:
            self.release(request)

    def submit(
        self,
        connection: Connection,
        request: Request,
        done: Callable[[Connection, Request, Answer], object],
    ) -> None:
        """Have a thread answer; `done` is called on the loop."""
        pool = self.beside.get(request.path, self.pool)
        if pool.is_full:
            busy = refusals.server_busy("too many requests wait for an answer")
            done(connection, request, self.write_refusal(request, busy))
        else:
            pool.submit(partial(self.work, connection, request, done))

    def work(
        self,
        connection: Connection,
        request: Request,
        done: Callable[[Connection, Request, Answer], object],
    ) -> None:
        """In a thread: call the application."""
        answer = Answer(b"", closes=True)
        try:
            answer = self.call(connection, request)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended: the server was stopped
                self.loop.call_soon_threadsafe(done, connection, request, answer)

    def call(self, connection: Connection, request: Request) -> Answer:
        start = Start()
        environ = build_environ(request, server=self.address, client=connection.client)
        request.chunks.clear()
        body = self.site.application(environ, start)
        is_head, closes = request.method == b"HEAD", self.closes(request)
        return collect(start, body, is_head=is_head, closes=closes, now=self.clock())

    def closes(self, request: Request) -> bool:
        return self.is_stopping or not request.keeps_alive

    def respond(self, connection: Connection, request: Request, answer: Answer) -> None:
        if answer.file is None:
            connection.answered(request, answer)
        else:
            task = self.loop.create_task(self.send_file(connection, request, answer))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def send_file(self, connection: Connection, request: Request, answer: Answer) -> None:
        assert answer.file  # noqa: S101 - for the type checker
        size = int(answer.file.file.seek(0, 2))
        answer.file.file.seek(0)
        try:
            connection.transport.write(answer.content)
            async with asyncio.timeout(limits.seconds_for(size)):
                await self.loop.sendfile(connection.transport, answer.file.file)
            connection.finish(request, closes=answer.closes)
        except (OSError, RuntimeError, TimeoutError):
            connection.transport.abort()  # the client has gone, or takes too long
        finally:
            answer.file.close()

    def refuse(self, connection: Connection, request: Request, refusal: Refusal) -> None:
        connection.answered(request, self.write_refusal(request, refusal))

    def write_refusal(self, request: Request, refusal: Refusal) -> Answer:
        return write(
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
