"""The worker processes of the web server. They share a listening socket and are replaced without closing it.

The parent imports no application code, so that a reload runs the code that is then on disk.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from serving.limits import MAX_CONNECTIONS, STOP_SECONDS

PR_SET_PDEATHSIG = 1
READY_SECONDS = 120.0  # for importing the application
BACK_OFF_SECONDS = 1.0
NOT_STARTED = 3  # a worker's exit code if the application could not be imported
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
HANDLED_SIGNALS = STOP_SIGNALS | {signal.SIGHUP, signal.SIGCHLD}


class InvalidWorkerCount(Exception):
    """ASSAY_WEB_WORKERS is not a number of processes; the message says what is allowed."""


def read_worker_count(environment: Mapping[str, str]) -> int:
    """The number of worker processes from ASSAY_WEB_WORKERS. Raises `InvalidWorkerCount`."""
    text = environment.get("ASSAY_WEB_WORKERS") or "1"
    if not text.strip().isdecimal() or int(text) < 1:
        raise InvalidWorkerCount(
            f"ASSAY_WEB_WORKERS={text!r} is not a number of processes; use a whole number from 1."
        )
    return int(text)


class Workers:
    """`count` worker processes that serve `target` (`module:site`) on a listening socket."""

    def __init__(self, target: str, *, listener: socket.socket, count: int) -> None:
        self.target, self.listener, self.count = target, listener, count
        self.running: set[int] = set()
        self.retired: set[int] = set()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP replaces the workers. Returns the exit code.

        An application that cannot be imported ends the server, unless older workers still serve.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED_SIGNALS)  # blocked until sigwait: none is lost
        self.start_missing()
        while (number := signal.sigwait(HANDLED_SIGNALS)) not in STOP_SIGNALS:
            if number == signal.SIGHUP:
                self.reload()
            elif not self.replace_ended():
                return 1
        return self.stop()

    def start_missing(self) -> None:
        for _ in range(self.count - len(self.running)):
            pid, ready = self.spawn()
            os.close(ready)
            self.running.add(pid)

    def spawn(self) -> tuple[int, int]:
        """A new worker's process ID, and a pipe end that becomes readable when the worker serves or ends."""
        ready, reporting = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(reporting)
            return pid, ready
        os.close(ready)
        code = NOT_STARTED
        try:
            exit_with_parent(parent)
            site = load_site(self.target)
            code = 1
            code = serve_site(site, self.listener, ready=lambda: report_ready(reporting))
        except SystemExit as refusal:  # the application's own sentence; a traceback would hide it
            report(f"{refusal}\n")
        except Exception:  # noqa: BLE001 (the edge of the process)
            report(traceback.format_exc())
        finally:
            os._exit(code)

    def replace_ended(self) -> bool:
        """Reap workers that have ended and start new ones; False if none is left and none can start."""
        while (ended := ended_child()) is not None:
            pid, code = ended
            self.retired.discard(pid)
            if pid in self.running:
                self.running.discard(pid)
                if code == NOT_STARTED and not self.running:
                    return False
                time.sleep(BACK_OFF_SECONDS)
        self.start_missing()
        return True

    def reload(self) -> None:
        """Start new workers; once all serve, the old ones finish their requests and end."""
        old, started = set(self.running), [self.spawn() for _ in range(self.count)]
        new = {pid for pid, _ in started}
        serving = [wait_until_ready(ready) for _, ready in started]
        if all(serving):
            self.running, self.retired = new, self.retired | old
            send_signal(old, signal.SIGTERM)
        else:
            report("The new code does not start; the old workers keep serving.\n")
            self.retired |= new
            send_signal(new, signal.SIGKILL)

    def stop(self) -> int:
        alive = self.running | self.retired
        send_signal(alive, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS + 2
        while alive and time.monotonic() < until:
            if ended := ended_child():
                alive.discard(ended[0])
            else:
                time.sleep(0.05)
        send_signal(alive, signal.SIGKILL)
        return 0


def load_site(target: str) -> Any:
    """The site that `module:name` names, imported with the signals that its code may rely on."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # only the parent acts on it
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED_SIGNALS)
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def serve_site(site: Any, listener: socket.socket, *, ready: Callable[[], object]) -> int:
    """Serve until the process is stopped. Returns the exit code."""
    from serving.server import run  # noqa: PLC0415 (the parent does without it)

    raise_open_files()
    run(site, listener, ready=ready)
    return 0


def exit_with_parent(parent: int) -> None:
    """Have the kernel terminate this process when its parent ends for whatever reason (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit("The web server has ended.")


def raise_open_files() -> None:
    """Raise the limit on open files to the number of connections that the server accepts."""
    import resource  # noqa: PLC0415 (not available on every system)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + 1_024
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ended_child() -> tuple[int, int] | None:
    """The process ID and exit code of a child that has ended."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def report(text: str) -> None:
    """Write to stderr in one piece: several workers may fail at once."""
    sys.stderr.write(text)
    sys.stderr.flush()


def report_ready(reporting: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent does not wait for the first workers
        os.write(reporting, b"1")
    os.close(reporting)


def wait_until_ready(ready: int) -> bool:
    """Wait until a worker serves; False if it ended or took too long."""
    readable, _, _ = select.select([ready], [], [], READY_SECONDS)
    serves = bool(readable) and os.read(ready, 1) == b"1"
    os.close(ready)
    return serves


def send_signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
