"""Has files read by a process of its own, which is killed and replaced whenever a file is too much for it."""

import logging
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress

from django.conf import settings

from scoring.content.media.processing.protocol import Job, Outcome, outcome_of, to_line

logger = logging.getLogger(__name__)

CHILD = "scoring.content.media.processing.child"
# Of the worker's environment, what the child gets: no address, no key, no token.
KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "HOME",
    "PYTHONPATH",
    "NUMBA_CACHE_DIR",
    "XDG_CACHE_HOME",
)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
FILES_PER_CHILD = 200  # then a fresh process, whatever the decoders may have leaked
START_SECONDS = 60.0  # beyond a file's own time, for imports and compilation in a new child
MAX_ANSWER_BYTES = 8 << 20


class ReadingFailed(Exception):
    """The process that read a file had to be killed, or died. Another attempt may succeed."""


class Sandbox:
    """One process that reads files, one at a time; started when first needed, and again after it failed."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        self._command = list(command) or [sys.executable, "-m", CHILD, str(settings.MEDIA_MEMORY_MB)]
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0

    def read(self, job: Job) -> Outcome:
        """What was computed of the file, or why it was refused. Raises ReadingFailed."""
        is_new = self._process is None or self._process.poll() is not None
        process = self._start() if is_new or self._process is None else self._process
        try:
            self._send(process, to_line(job))
            outcome = outcome_of(self._answer(process, job.hard_seconds + (START_SECONDS if is_new else 0.0)))
        except (OSError, ValueError, TypeError) as error:
            ending = _ending(process)
            self.stop()
            raise ReadingFailed(f"the process that read it ended: {ending}") from error
        except ReadingFailed:
            self.stop()
            raise
        self._files += 1
        if self._files >= FILES_PER_CHILD:
            self.stop()
        return outcome

    def stop(self) -> None:
        """Kill the process, if there is one."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    if pipe:
                        pipe.close()
        self._process, self._files = None, 0

    def _start(self) -> subprocess.Popen[bytes]:
        self.stop()
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env={**kept, **ONE_THREAD},
            start_new_session=True,  # a Ctrl-C of the terminal is for the worker to answer
        )
        return self._process

    def _send(self, process: subprocess.Popen[bytes], line: bytes) -> None:
        assert process.stdin  # noqa: S101 - for the type checker
        process.stdin.write(line)
        process.stdin.flush()

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> bytes:
        """One line from the child. Raises ReadingFailed if it does not come in time, or is no line."""
        assert process.stdout  # noqa: S101 - for the type checker
        pipe, until, answer = process.stdout.fileno(), time.monotonic() + seconds, b""
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([pipe], [], [], max(until - time.monotonic(), 0.0))
            if not ready:
                raise ReadingFailed(f"reading it took more than {seconds:.0f} s, and the process was killed")
            part = os.read(pipe, 1 << 16)
            if not part or len(answer) > MAX_ANSWER_BYTES:
                raise ReadingFailed(f"the process that read it ended: {_ending(process)}")
            answer += part
        return answer


def _ending(process: subprocess.Popen[bytes]) -> str:
    """How a process ended, in words."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
    code = process.returncode
    if code is None:
        return "it answered with nothing that can be read"
    return f"signal {-code}" if code < 0 else f"status {code}"


def working_directory() -> "tempfile.TemporaryDirectory[str]":
    """Where a child puts the pictures that it makes of a file."""
    return tempfile.TemporaryDirectory(prefix="assay-media-")
