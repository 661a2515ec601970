"""A circuit breaker: after one failure a server is left alone until a probe finds that it answers again."""

import logging
import time
from collections.abc import Callable
from threading import Lock, Thread

logger = logging.getLogger(__name__)

PROBE_SECONDS = 0.5  # between two probes


class Breaker:
    """Whether a server is worth asking. The probe runs on a thread of its own: no request pays for it.

    `probe` returns when the server answers, with whatever error of its own, and raises when it does not.
    `grace`: so long after the first failure the server is still asked, unless the probe succeeds before. For
    failures that may concern one command alone.
    """

    def __init__(self, server: str, probe: Callable[[], None], *, grace: float = 0.0) -> None:
        self.server = server
        self._probe, self._grace = probe, grace
        self._opens_at = float("inf")
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether to leave the server alone. Costs nothing while it is well."""
        opens_at = self._opens_at
        return opens_at != float("inf") and time.monotonic() >= opens_at

    def trip(self) -> None:
        """The server has failed to answer in time."""
        with self._lock:
            if self._opens_at != float("inf"):
                return  # a probe is under way
            self._opens_at = time.monotonic() + self._grace
        Thread(target=self._watch, name=f"probe-{self.server}", daemon=True).start()

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._answers():
            if self.is_open and began:
                logger.warning("%s does not answer: it is left alone until it does", self.server)
                began = 0.0
            time.sleep(PROBE_SECONDS)
        with self._lock:
            self._opens_at = float("inf")
        if not began:
            logger.warning("%s answers again", self.server)

    def _answers(self) -> bool:
        try:
            self._probe()
        except Exception:  # noqa: BLE001 - the edge of a thread: whatever it is, the server cannot be used
            return False
        return True
