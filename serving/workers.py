"""The processes of the web server: they share a listening socket, and are replaced without closing it.

The process that watches them imports nothing that is served: a reload runs the code that is there then.
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
from collections.abc import Callable
from importlib import import_module

from serving.limits import CONNECTIONS, STOP_SECONDS

PR_SET_PDEATHSIG = 1
READY_SECONDS = 120.0  # for the application to be imported
BACK_OFF_SECONDS = 1.0
ENDING = {signal.SIGTERM, signal.SIGINT}
AWAITED = ENDING | {signal.SIGHUP, signal.SIGCHLD}


class Workers:
    """`count` worker processes that serve `target` (`module:site`) at a listening socket."""

    def __init__(self, target: str, *, listener: socket.socket, count: int) -> None:
        self.target, self.listener, self.count = target, listener, count
        self.running: set[int] = set()
        self.retired: set[int] = set()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP replaces the workers. Gives the exit code."""
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)  # so that each is waited for, and none is lost
        self.start_missing()
        while (number := signal.sigwait(AWAITED)) not in ENDING:
            if number == signal.SIGCHLD:
                self.collect()
            else:
                self.reload()
        return self.stop()

    def start_missing(self) -> None:
        for _ in range(self.count - len(self.running)):
            pid, ready = self.spawn()
            os.close(ready)
            self.running.add(pid)

    def spawn(self) -> tuple[int, int]:
        """A new worker, and the end of a pipe that it writes to once it serves."""
        ready, said = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid:
            os.close(said)
            return pid, ready
        os.close(ready)
        code = 1
        try:
            end_with(parent)
            code = run_worker(self.target, self.listener, ready=lambda: tell(said))
        except Exception:  # noqa: BLE001 (the edge of the process)
            traceback.print_exc()
        finally:
            os._exit(code)

    def collect(self) -> None:
        """Take note of workers that have ended, and replace them."""
        while (pid := ended_child()) is not None:
            self.retired.discard(pid)
            if pid in self.running:
                self.running.discard(pid)
                time.sleep(BACK_OFF_SECONDS)
        self.start_missing()

    def reload(self) -> None:
        """New workers first; the old ones end once those serve, and finish what they have in work."""
        old, started = set(self.running), [self.spawn() for _ in range(self.count)]
        new = {pid for pid, _ in started}
        said = [is_said(ready) for _, ready in started]
        if all(said):
            self.running, self.retired = new, self.retired | old
            end(old, signal.SIGTERM)
        else:
            sys.stderr.write("The new code does not start; the old processes serve on.\n")
            sys.stderr.flush()
            self.retired |= new
            end(new, signal.SIGKILL)

    def stop(self) -> int:
        everyone = self.running | self.retired
        end(everyone, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS + 2
        while everyone and time.monotonic() < until:
            pid = ended_child()
            everyone.discard(pid or 0)
            if pid is None:
                time.sleep(0.05)
        end(everyone, signal.SIGKILL)
        return 0


def run_worker(target: str, listener: socket.socket, *, ready: Callable[[], object]) -> int:
    """Import the site and serve it; gives the exit code."""
    from serving.server import run  # noqa: PLC0415 (the parent needs none of it)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent's to act on
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    raise_open_files()
    module, _, name = target.partition(":")
    run(getattr(import_module(module), name), listener, ready=ready)
    return 0


def end_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit("The web server has ended.")


def raise_open_files() -> None:
    """Let this process have as many connections open as it may serve."""
    import resource  # noqa: PLC0415 (not on every system)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 1_024
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ended_child() -> int | None:
    try:
        pid, _ = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return pid or None


def tell(said: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it
        os.write(said, b"1")
    os.close(said)


def is_said(ready: int) -> bool:
    """Whether a worker serves; False when it has ended instead."""
    readable, _, _ = select.select([ready], [], [], READY_SECONDS)
    said = bool(readable) and os.read(ready, 1) == b"1"
    os.close(ready)
    return said


def end(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
