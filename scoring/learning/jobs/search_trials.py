"""The trials of a training's search, in its stream of the log."""

from scoring.jobs.queue import Clock
from scoring.learning.jobs.trainings import trainings
from scoring.learning.models import TrainingJob
from scoring.learning.search.trials import SearchTrial
from scoring.log.read import read_streams

ENDED = "trial_ended"


class TrialsOfTraining:
    """The trials of a training, after those of the trainings whose search it continues."""

    def __init__(self, number: int, *, clock: Clock) -> None:
        self._number, self._clock = number, clock
        self._trials = trials_of(number)

    def read(self) -> list[SearchTrial]:
        return list(self._trials)

    def append(self, trial: SearchTrial) -> None:
        trainings.note(self._number, ENDED, trial.stored(), now=self._clock())
        self._trials.append(trial)


def trials_of(number: int) -> list[SearchTrial]:
    """All trials so far of a training's search, in order."""
    chain = _chain(number)
    entries = read_streams([f"training/{each}" for each in chain])
    return [
        SearchTrial.from_stored(entry.data)
        for each in chain
        for entry in entries.get(f"training/{each}", [])
        if entry.type == f"training.{ENDED}"
    ]


def _chain(number: int) -> list[int]:
    """The training and those that it continues, oldest first."""
    chain = [number]
    while (before := _continues(chain[0])) is not None:
        chain.insert(0, before)
    return chain


def _continues(number: int) -> int | None:
    options = TrainingJob.objects.values_list("options", flat=True).get(number=number)
    continues: int | None = options.get("continues")
    return continues
