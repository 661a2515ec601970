"""What a running training tells those who watch it, and how it hears that it is to stop."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from scoring.learning.errors import TrainingCancelled
from scoring.learning.models import TrainingJob, TrainingProgress

SECONDS_BETWEEN_NOTES = 1.0


class JobWatch:
    """Writes the progress of a job at the start of a step and then once a second at most.

    With every note it asks whether somebody wants the job to stop; then it raises TrainingCancelled.
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
        if monotonic() - self._noted_at >= SECONDS_BETWEEN_NOTES:
            self._note()

    def _note(self) -> None:
        self._noted_at = monotonic()
        noted = {"step": self._step, "done": self._done, "total": self._total, "updated_at": self._clock()}
        TrainingProgress.objects.update_or_create(job=self._number, defaults=noted)
        actor = TrainingJob.objects.values_list("cancelled_by", flat=True).get(number=self._number)
        if actor:
            raise TrainingCancelled(number=self._number, actor=actor)
