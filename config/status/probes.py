"""Checks run outside the request that needs them, so a hung dependency delays only its own checks."""

import logging
import time
from collections.abc import Callable, Mapping
from threading import Condition, Thread

from django.db import connections

from scoring import deadlines

logger = logging.getLogger(__name__)

CACHED_SECONDS = 1.0  # for which results are cached, so that frequent requests cost nothing
RUN_SECONDS = 3.0  # then a hung statement is given up, so that a later run can succeed

Check = Callable[[], str]


class Probe:
    """Checks of one dependency, run one after the other on a thread; one run at a time."""

    def __init__(self, checks: Mapping[str, Check], *, hanging: str, kept_seconds: float = 0.0) -> None:
        """`hanging`: the result of every check while the dependency has not answered.

        `kept_seconds`: for so long the former results stand for checks that are slow on a busy machine.
        """
        self.checks, self.hanging, self.kept_seconds = checks, hanging, kept_seconds
        self._changed = Condition()
        self._running, self._said_at = False, float("-inf")
        self._said: dict[str, str] = {}

    def start(self) -> None:
        """Start a run, unless one is in progress or the last one is recent."""
        with self._changed:
            if self._running or self._is_recent():
                return
            self._running = True
        Thread(target=self._run, name="readiness", daemon=True).start()

    def answers(self, *, until: float) -> dict[str, str]:
        """The result of each check, waiting for the current run until then (`time.monotonic()`)."""
        with self._changed:
            # Results that were recent at the start stay valid, however long other probes took meanwhile.
            finished = self._changed.wait_for(
                lambda: not self._running, timeout=max(until - time.monotonic(), 0.0)
            )
            if finished or self._is_recent(self.kept_seconds):
                return self._said
            return dict.fromkeys(self.checks, self.hanging)

    def _is_recent(self, longer: float = 0.0) -> bool:
        return time.monotonic() - self._said_at < CACHED_SECONDS + longer

    def _run(self) -> None:
        said: dict[str, str] = {}
        try:
            with deadlines.within(RUN_SECONDS):
                said = {name: _answer(name, check) for name, check in self.checks.items()}
        finally:
            connections.close_all()  # of this thread, which ends
            with self._changed:
                self._running, self._said, self._said_at = False, said, time.monotonic()
                self._changed.notify_all()


def _answer(name: str, check: Check) -> str:
    try:
        return check()
    except Exception as error:  # the edge of a thread: one check must not stop the others
        logger.exception("the readiness check %s failed", name)
        return f"The check itself failed ({type(error).__name__}). See the log of this process."
