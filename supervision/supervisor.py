"""Starts processes, shows what they say, starts again those that end, and ends all of them together.

A process that ends is started again after a second, then two, four, up to a minute: a wrong setting is said
again and again, but costs next to nothing. One that ran for a minute begins at a second again.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from supervision.groups import end_groups, is_same, members, send, started_at
from supervision.record import UNKNOWN, End, Record, describe_code, read_record

FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS = 1.0, 60.0, 60.0
STOP_SECONDS = 10.0  # after which what has not ended is killed
LEFTOVER_SECONDS = 5.0  # for the children of a process that ended
CHECK_SECONDS = 2.0
PR_SET_PDEATHSIG = 1

Say = Callable[[str, str], None]


class AlreadyRunning(Exception):
    """Another supervisor keeps the processes of this directory running."""


@dataclass(frozen=True)
class Program:
    """A command of a shell, run in `directory`; `files` are the descriptors that it inherits."""

    name: str
    command: str
    environment: Mapping[str, str]
    directory: Path
    files: Sequence[int] = ()


@dataclass(frozen=True)
class Service:
    """Something that runs by itself: whether it does, and how it is started again. Both may take seconds."""

    name: str
    is_alive: Callable[[], bool]
    start: Callable[[], None]


@dataclass
class Supervisor:
    """`say` is given a process's name and a line."""

    programs: Sequence[Program]
    record: Record
    say: Say
    services: Sequence[Service] = ()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP; a second one kills at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        keepers = [asyncio.create_task(self.keep(program)) for program in self.programs]
        watchers = [asyncio.create_task(self.watch(service)) for service in self.services]
        await asyncio.gather(*keepers)
        await asyncio.gather(*watchers)

    def stop(self) -> None:
        if self.stopping.is_set():
            send({pid for pid, _ in self.record.running.values()}, signal.SIGKILL)
        self.stopping.set()

    async def keep(self, program: Program) -> None:
        """Run a program, again and again, until all is to stop."""
        pause = FIRST_PAUSE
        while not self.stopping.is_set():
            began = time.monotonic()
            code, said = await self.run_once(program)
            if self.stopping.is_set():
                return
            seconds = time.monotonic() - began
            pause = FIRST_PAUSE if seconds > STEADY_SECONDS else pause
            self.note_end(End(program.name, time.time(), code, seconds, said), pause)
            await self.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def run_once(self, program: Program) -> tuple[int, str]:
        """The exit code of a program and the last line that it said."""
        process = await start(program)
        self.record.note_start(program.name, process.pid, started_at(process.pid))
        output = Output(lambda line: self.say(program.name, line))
        reading = asyncio.create_task(output.read(process.stdout))
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()  # it ends its children itself, and what they have in work
            await asyncio.wait([ended], timeout=STOP_SECONDS)
        stopping.cancel()
        if not ended.done() or members(process.pid):
            await asyncio.to_thread(
                end_groups, {process.pid}, seconds=LEFTOVER_SECONDS if ended.done() else 0.0
            )
        code = await ended
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading, 1.0)
        if self.stopping.is_set():
            self.record.note_stop(program.name)
        return code, output.last

    async def watch(self, service: Service) -> None:
        """Start a service again whenever it has ended."""
        pause = FIRST_PAUSE
        while not await self.wait(CHECK_SECONDS):
            if await asyncio.to_thread(service.is_alive):
                continue
            began = time.monotonic()
            said = await asyncio.to_thread(attempt, service.start)
            if said:
                self.say(service.name, f"did not start: {said}")
            self.note_end(End(service.name, time.time(), UNKNOWN, time.monotonic() - began, said), pause)
            pause = min(2 * pause, LONGEST_PAUSE) if said else FIRST_PAUSE
            await self.wait(pause if said else 0)

    def note_end(self, end: End, pause: float) -> None:
        self.record.note_end(end)
        if end.code != UNKNOWN:
            what = f"ended with {describe_code(end.code)} and starts again in {pause:g} s"
        elif end.said:
            what = f"has ended and does not start; it is tried again in {pause:g} s"
        else:
            what = "had ended and was started again"
        self.say("supervisor", f"{end.name} {what}.")

    async def wait(self, seconds: float) -> bool:
        """Whether all is to stop, after at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
        return self.stopping.is_set()


class Output:
    """Lines of a process, as they come."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.last, self.rest = say, "", b""

    async def read(self, stream: asyncio.StreamReader | None) -> None:
        while stream and (chunk := await stream.read(65_536)):
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            for line in lines:
                self.take(line)
        if self.rest:
            self.take(self.rest)

    def take(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip("\r")
        self.last = text[:500] or self.last
        self.say(text)


async def start(program: Program) -> asyncio.subprocess.Process:
    """Start a program as the leader of a group of its own, which ends with this process (Linux)."""
    return await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", f"exec {program.command}"),
        env=dict(program.environment),
        cwd=program.directory,
        pass_fds=tuple(program.files),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=end_with_parent if sys.platform == "linux" else None,
    )


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def attempt(start: Callable[[], None]) -> str:
    """What is wrong where a service does not start; "" where it does."""
    try:
        start()
    except Exception as error:  # noqa: BLE001 (the edge of the thread: it is said, and tried again)
        return str(error) or type(error).__name__
    return ""


@contextmanager
def sole_supervisor(var: Path) -> Iterator[Record]:
    """The record of `var`, for one supervisor at a time; what an earlier one left running is ended first.

    Raises `AlreadyRunning`.
    """
    with (var / "processes.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"Assay runs already with the data in {var}. Stop it first (`make stop`), or choose another"
                " directory with ASSAY_VAR."
            ) from None
        end_leftovers(var)
        record = read_record(var)
        record.running = {}
        record.note_start("supervisor", os.getpid(), started_at(os.getpid()))
        try:
            yield record
        finally:
            record.note_stop("supervisor")


def end_leftovers(var: Path) -> list[str]:
    """End what the last supervisor of `var` had started and left; the names."""
    left = {
        name: pid
        for name, (pid, created) in read_record(var).running.items()
        if name != "supervisor" and is_same(pid, created)
    }
    if left:
        end_groups(set(left.values()), seconds=STOP_SECONDS)
    return list(left)


def stop_supervisor(var: Path, *, seconds: float = 2 * STOP_SECONDS) -> bool:
    """Have the supervisor of `var` stop, and end what one that was killed has left; whether there was one."""
    pid, created = read_record(var).running.get("supervisor", (0, 0.0))
    found = bool(pid) and pid != os.getpid() and is_same(pid, created)
    if found:
        os.kill(pid, signal.SIGTERM)
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            psutil.Process(pid).wait(seconds)
    return bool(end_leftovers(var)) or found
