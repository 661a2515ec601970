"""Starts processes, shows their output, restarts those that end, and stops all of them together.

An ended process is restarted after 1 s, then 2, 4 and so on up to 60 s, so that a wrong setting is reported
repeatedly but costs little. After a run of a minute the pause is 1 s again.
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

from supervision.groups import end_groups, is_same_process, members, signal_groups, started_at
from supervision.record import UNKNOWN_CODE, ProcessExit, ProcessRecord, describe_code, read_record

FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, STABLE_SECONDS = 1.0, 60.0, 60.0
STOP_SECONDS = 10.0  # until processes that have not ended are killed
LEFTOVER_SECONDS = 5.0  # for the children of an ended process
CHECK_SECONDS = 2.0
EXIT_POLL_SECONDS = 0.2
PR_SET_PDEATHSIG = 1

ShowLine = Callable[[str, str], None]


class AlreadyRunning(Exception):
    """Another supervisor is running for the same data directory."""


@dataclass(frozen=True)
class Program:
    """A shell command run in `directory`; `files` are the file descriptors that it inherits."""

    name: str
    command: str
    environment: Mapping[str, str]
    directory: Path
    files: Sequence[int] = ()


@dataclass(frozen=True)
class Service:
    """A daemon that is not a child of the supervisor. Both functions may take seconds."""

    name: str
    is_alive: Callable[[], bool]
    start: Callable[[], None]


@dataclass
class Supervisor:
    """Keeps programs and services running; `show` receives each process name and output line."""

    programs: Sequence[Program]
    record: ProcessRecord
    show: ShowLine
    services: Sequence[Service] = ()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP; a second signal kills all processes at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        keepers = [asyncio.create_task(self.keep_running(program)) for program in self.programs]
        watchers = [asyncio.create_task(self.watch(service)) for service in self.services]
        await asyncio.gather(*keepers)
        await asyncio.gather(*watchers)

    def stop(self) -> None:
        if self.stopping.is_set():
            signal_groups({pid for pid, _ in self.record.running.values()}, signal.SIGKILL)
        self.stopping.set()

    async def keep_running(self, program: Program) -> None:
        """Run a program again and again until the supervisor stops."""
        pause = FIRST_PAUSE_SECONDS
        while not self.stopping.is_set():
            began = time.monotonic()
            code, last_line = await self.run_once(program)
            if self.stopping.is_set():
                return
            seconds = time.monotonic() - began
            pause = FIRST_PAUSE_SECONDS if seconds > STABLE_SECONDS else pause
            self.record_exit(ProcessExit(program.name, time.time(), code, seconds, last_line), pause)
            await self.wait(pause)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    async def run_once(self, program: Program) -> tuple[int, str]:
        """Exit code and last output line of a program."""
        process = await start(program)
        self.record.record_start(program.name, process.pid, started_at(process.pid))
        output = Output(lambda line: self.show(program.name, line))
        reading = asyncio.create_task(output.read(process.stdout))
        ended = asyncio.create_task(exit_code_of(process))
        stopping = asyncio.create_task(self.stopping.wait())
        await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()  # it lets its children finish their work and ends them itself
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
            self.record.record_stop(program.name)
        return code, output.last

    async def watch(self, service: Service) -> None:
        """Restart a service whenever it has ended."""
        pause = FIRST_PAUSE_SECONDS
        while not await self.wait(CHECK_SECONDS):
            if await asyncio.to_thread(service.is_alive):
                continue
            began = time.monotonic()
            error = await try_start(service)
            if error:
                self.show(service.name, f"did not start: {error}")
            self.record_exit(
                ProcessExit(service.name, time.time(), UNKNOWN_CODE, time.monotonic() - began, error), pause
            )
            pause = min(2 * pause, MAX_PAUSE_SECONDS) if error else FIRST_PAUSE_SECONDS
            await self.wait(pause if error else 0)

    def record_exit(self, ended: ProcessExit, pause: float) -> None:
        self.record.record_exit(ended)
        if ended.code != UNKNOWN_CODE:
            what = f"ended with {describe_code(ended.code)} and restarts in {pause:g} s"
        elif ended.last_line:
            what = f"has ended and does not start; the next attempt is in {pause:g} s"
        else:
            what = "had ended and was restarted"
        self.show("supervisor", f"{ended.name} {what}.")

    async def wait(self, seconds: float) -> bool:
        """Wait for at most `seconds`; whether the supervisor is stopping."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)
        return self.stopping.is_set()


class Output:
    """Passes on the output of a process line by line."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self.show, self.last, self.rest = show, "", b""

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
        self.show(text)


async def exit_code_of(process: asyncio.subprocess.Process) -> int:
    """The exit code, as soon as the process has ended.

    Unlike `process.wait()`, which on some versions of Python also waits until nothing can write to its output
    any more: children that outlive it would hold that open.
    """
    while process.returncode is None:
        await asyncio.sleep(EXIT_POLL_SECONDS)
    return process.returncode


async def start(program: Program) -> asyncio.subprocess.Process:
    """Start a program as the leader of a new process group; it ends with this process (Linux)."""
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


async def try_start(service: Service) -> str:
    """Start a service on a thread; the error message, which is shown before a retry, or "" if it started."""
    [outcome] = await asyncio.gather(asyncio.to_thread(service.start), return_exceptions=True)
    return (str(outcome) or type(outcome).__name__) if isinstance(outcome, BaseException) else ""


@contextmanager
def sole_supervisor(var: Path) -> Iterator[ProcessRecord]:
    """The record of `var`, held by one supervisor at a time, after ending the processes of an earlier one.

    Raises `AlreadyRunning`.
    """
    with (var / "processes.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"Assay is already running with the data in {var}. Stop it (`make stop`), or choose another"
                " directory with ASSAY_VAR."
            ) from None
        end_leftovers(var)
        record = read_record(var)
        record.running = {}
        record.record_start("supervisor", os.getpid(), started_at(os.getpid()))
        try:
            yield record
        finally:
            record.record_stop("supervisor")


def end_leftovers(var: Path) -> list[str]:
    """End the processes that the last supervisor of `var` left running. Returns their names."""
    left = {
        name: pid
        for name, (pid, created) in read_record(var).running.items()
        if name != "supervisor" and is_same_process(pid, created)
    }
    if left:
        end_groups(set(left.values()), seconds=STOP_SECONDS)
    return list(left)


def stop_supervisor(var: Path, *, seconds: float = 2 * STOP_SECONDS) -> bool:
    """Stop the supervisor of `var` and end processes left by a killed one. Whether there were any."""
    pid, created = read_record(var).running.get("supervisor", (0, 0.0))
    found = bool(pid) and pid != os.getpid() and is_same_process(pid, created)
    if found:
        os.kill(pid, signal.SIGTERM)
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            psutil.Process(pid).wait(seconds)
    return bool(end_leftovers(var)) or found
