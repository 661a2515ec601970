"""Progress of a running job, and how the job learns that it was cancelled."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from scoring.jobs.errors import JobCancelled
from scoring.jobs.rows import JobRow, ProgressRow

SECONDS_BETWEEN_WRITES = 1.0


class JobProgress:
    """Writes the progress of a job at the start of each step and then at most once a second.

    With every write it checks for a cancellation and raises `cancelled`.
    """

    def __init__(
        self,
        number: int,
        *,
        jobs: type[JobRow],
        rows: type[ProgressRow],
        cancelled: type[JobCancelled],
        clock: Callable[[], datetime],
    ) -> None:
        self._number, self._clock = number, clock
        self._jobs, self._rows, self._cancelled = jobs, rows, cancelled
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
        self._rows._default_manager.update_or_create(job=self._number, defaults=noted)
        actor = self._jobs._default_manager.values_list("cancelled_by", flat=True).get(number=self._number)
        if actor:
            raise self._cancelled(number=self._number, actor=actor)
