"""Progress of a running backtest, and how the backtest learns that it was cancelled."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from scoring.rules.backtest.errors import BacktestCancelled
from scoring.rules.backtest.models import BacktestJob, BacktestProgress

SECONDS_BETWEEN_WRITES = 1.0


class BacktestReporter:
    """Writes the progress of a backtest at the start of each step and then at most once a second.

    With every write it checks for a cancellation and raises BacktestCancelled.
    """

    def __init__(self, number: int, *, clock: Callable[[], datetime]) -> None:
        self._number, self._clock = number, clock
        self._step, self._done, self._noted_at = "", 0, 0.0
        self._total: int | None = None

    def begin(self, step: str, *, total: int | None = None) -> None:
        self._step, self._done, self._total = step, 0, total
        self._note()

    def advance(self, count: int) -> None:
        self._done += count
        if monotonic() - self._noted_at >= SECONDS_BETWEEN_WRITES:
            self._note()

    def _note(self) -> None:
        self._noted_at = monotonic()
        noted = {"step": self._step, "done": self._done, "total": self._total, "updated_at": self._clock()}
        BacktestProgress.objects.update_or_create(job=self._number, defaults=noted)
        actor = BacktestJob.objects.values_list("cancelled_by", flat=True).get(number=self._number)
        if actor:
            raise BacktestCancelled(number=self._number, actor=actor)
