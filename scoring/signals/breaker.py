"""A circuit breaker: after a failure a server is not used until a probe finds that it answers again."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread

from scoring.futures import complete

logger = logging.getLogger(__name__)

PROBE_SECONDS = 0.5  # between two probes


class Breaker:
    """Whether a server should be used. The probe runs on its own thread, so that no request pays for it.

    `probe` returns when the server answers, even with an error, and raises when it does not. `grace`: seconds
    after the first failure during which the server is still used, for failures that may concern one command.
    """

    def __init__(self, server: str, probe: Callable[[], None], *, grace: float = 0.0) -> None:
        self.server = server
        self._probe, self._grace = probe, grace
        self._opens_at = float("inf")
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether the server should not be used. Costs nothing while it is healthy."""
        opens_at = self._opens_at
        return opens_at != float("inf") and time.monotonic() >= opens_at

    def trip(self) -> None:
        """Note that the server failed to answer in time."""
        with self._lock:
            if self._opens_at != float("inf"):
                return  # a probe is under way
            self._opens_at = time.monotonic() + self._grace
        Thread(target=self._watch, name=f"probe-{self.server}", daemon=True).start()

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._answers():
            if self.is_open and began:
                logger.warning("%s does not answer and is not used until it does", self.server)
                began = 0.0
            time.sleep(PROBE_SECONDS)
        with self._lock:
            self._opens_at = float("inf")
        if not began:
            logger.warning("%s answers again", self.server)

    def _answers(self) -> bool:
        """Whether the probe succeeds; on any error the server cannot be used."""
        probed: Future[None] = Future()
        complete(probed, self._probe)
        return probed.exception() is None
