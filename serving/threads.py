"""Threads that live as long as their process, so that each keeps its database connection."""

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

logger = logging.getLogger(__name__)

Job = Callable[[], None]


class ThreadPool:
    """A fixed number of threads that run jobs in submission order."""

    def __init__(self, *, threads: int, name: str, max_waiting: int) -> None:
        self.max_waiting = max_waiting
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.threads = [
            Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self.threads:
            thread.start()

    @property
    def is_full(self) -> bool:
        """Whether `max_waiting` jobs are waiting."""
        return self.jobs.qsize() >= self.max_waiting

    def submit(self, job: Job) -> None:
        self.jobs.put(job)

    def stop(self, *, seconds: float) -> None:
        """End the threads after the jobs submitted so far, waiting at most `seconds` for each thread."""
        for _ in self.threads:
            self.jobs.put(None)
        for thread in self.threads:
            thread.join(seconds)

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                job()
            except Exception:  # the edge of the thread, which must survive for the next request
                logger.exception("A request failed with an uncaught exception.")
            del job  # otherwise the last request would be kept alive until the next
