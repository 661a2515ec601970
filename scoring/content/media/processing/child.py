"""The process that reads uploaded files: `python -m scoring.content.media.processing.child MEGABYTES`.

It reads jobs from standard input and writes outcomes to standard output, one JSON object a line. Decoders of
untrusted files run here and nowhere else: without Django, credentials or a connection, in bounded memory and
time. Whatever a file does to it, the worker starts another one.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import IO

from scoring.content.media.processing.protocol import Job, Outcome, job_of, to_line

OPEN_FILES = 128
MAX_WRITTEN_BYTES = 32 << 20  # in one file: previews are smaller
KILL_MARGIN = 10  # seconds beyond the worker's own limit, which comes first

Read = Callable[[Job], Outcome]


def main(megabytes: int) -> None:
    limit_resources(megabytes)
    answers = _private_stdout()
    from scoring.content.media.processing.reading import read_file  # noqa: PLC0415 (decoders: within the limits)

    serve(read_file, sys.stdin.buffer, answers)


def serve(read: Read, jobs: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each job until the worker closes the pipe."""
    for line in iter(jobs.readline, b""):
        job = job_of(line)
        # Ends the process in the kernel, also within a decoder that never returns to Python.
        signal.setitimer(signal.ITIMER_REAL, job.hard_seconds + KILL_MARGIN)
        try:
            outcome = read(job)
        except MemoryError:
            outcome = Outcome({}, "it takes more memory to read than one file may")
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(to_line(outcome))
        answers.flush()


def limit_resources(megabytes: int) -> None:
    """Bound what this process may take. Limits that the system does not have are left out."""
    limits = {
        "RLIMIT_DATA": megabytes << 20,  # writable memory; its addresses (RLIMIT_AS) include code and caches
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_FSIZE": MAX_WRITTEN_BYTES,
        "RLIMIT_CORE": 0,
    }
    for name, most in limits.items():
        if kind := getattr(resource, name, None):
            _, hard = resource.getrlimit(kind)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (allowed, allowed))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error of the write instead


def _private_stdout() -> IO[bytes]:
    """Standard output for answers alone: whatever a decoder prints goes to standard error."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(answers, "wb")


if __name__ == "__main__":
    main(int(sys.argv[1]))
