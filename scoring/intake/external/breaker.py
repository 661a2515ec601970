"""A circuit breaker per service: after failures in a row it is not asked for a while, then by one event."""

from threading import Lock

FAILURES_TO_OPEN = 5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds; each failed probe doubles the pause
PROBE_SECONDS = 5.0  # a probe that is not answered by then is forgotten


class ServiceBreaker:
    """Whether a service may be asked. Thread-safe; `now` is a monotonic time in seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._open_until = 0.0
        self._probe_until = 0.0
        self._is_open = False
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        return self._is_open

    def allows(self, now: float) -> bool:
        """Whether to ask now. Of an open breaker whose pause is over, the first caller is the probe."""
        if not self._is_open:
            return True
        with self._lock:
            if now < self._open_until or now < self._probe_until:
                return False
            self._probe_until = now + PROBE_SECONDS
            return True

    def succeeded(self) -> bool:
        """Note an answer, even one without a value. True if it closed the breaker."""
        if not self._failures:
            return False
        with self._lock:
            closed, self._is_open = self._is_open, False
            self._failures, self._pause = 0, FIRST_PAUSE
            return closed

    def failed(self, now: float) -> bool:
        """Note a failure. True if the breaker is open from then on, for the first time or again."""
        with self._lock:
            self._failures += 1
            if self._failures < FAILURES_TO_OPEN:
                return False
            if self._is_open:
                if now < self._open_until:
                    return False  # asked before it opened
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self._is_open = True
            self._open_until, self._probe_until = now + self._pause, 0.0
            return True
