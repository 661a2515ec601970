"""Threads that live as long as their process, so that each keeps its database connection."""

import logging
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread

logger = logging.getLogger(__name__)

Job = Callable[[], None]


class ThreadPool:
    """A fixed number of threads that run jobs in submission order.

    A job goes to the thread that became idle last, so that few threads do the work of a quiet hour: their
    database sessions have planned the statements and cached what these need. Taking turns, each thread would
    come to its job with a session that was last used long ago.
    """

    def __init__(self, *, threads: int, name: str, max_waiting: int) -> None:
        self.max_waiting = max_waiting
        self._lock = Lock()
        self._waiting: deque[Job | None] = deque()  # while no thread is idle
        self._idle: list[SimpleQueue[Job | None]] = []  # of idle threads, the last one on top
        self.threads = [
            Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self.threads:
            thread.start()

    @property
    def is_full(self) -> bool:
        """Whether `max_waiting` jobs are waiting."""
        return len(self._waiting) >= self.max_waiting

    def submit(self, job: Job) -> None:
        self._put(job)

    def stop(self, *, seconds: float) -> None:
        """End the threads after the jobs submitted so far, waiting at most `seconds` for each thread."""
        for _ in self.threads:
            self._put(None)
        for thread in self.threads:
            thread.join(seconds)

    def _put(self, job: Job | None) -> None:
        with self._lock:
            if self._idle:
                self._idle.pop().put(job)
            else:
                self._waiting.append(job)

    def _take(self, given: SimpleQueue[Job | None]) -> Job | None:
        """The next job, by way of the thread's own queue if it has to wait for one."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._idle.append(given)
        return given.get()

    def _work(self) -> None:
        given: SimpleQueue[Job | None] = SimpleQueue()
        while (job := self._take(given)) is not None:
            try:
                job()
            except Exception:  # the edge of the thread, which must survive for the next request
                logger.exception("A request failed with an uncaught exception.")
            del job  # otherwise the last request would be kept alive until the next
