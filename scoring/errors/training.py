"""Trainings, and the labelled events they learn and judge from."""

from scoring.errors.base import ScoringError


class NotEnoughToTrain(ScoringError):
    """The matured events do not do for a training."""

    def advise(self, advice: str) -> None:
        """Say also what would help."""
        self.args = (f"{self} {advice}",)


class NotEnoughHistory(NotEnoughToTrain):
    """The matured events are too few, or span too short a time, to be cut into slices."""

    def __init__(self, *, event_type: str, rows: int, days: float, needed: float) -> None:
        found = f"the {rows:,} matured events span {days:.1f} days" if rows else "no event has matured"
        unit = "day" if needed == 1 else "days"
        super().__init__(
            f"{event_type}: {found}; training needs at least {needed:g} {unit} of matured events."
        )
        self.event_type, self.rows, self.days, self.needed = event_type, rows, days, needed


class NotEnoughPositives(NotEnoughToTrain):
    """A slice of the training set holds too few positives to learn or to judge from.

    `stretch` is the slice's events, first and last; `positives` says where those of the whole set lie.
    """

    def __init__(
        self, *, event_type: str, slice_name: str, found: int, needed: int, stretch: str, positives: str
    ) -> None:
        counted = f"{found} matured {'positive' if found == 1 else 'positives'}"
        super().__init__(
            f"{event_type}: the {slice_name} slice ({stretch}) holds {counted}, at least {needed} are needed."
            f" {positives}"
        )
        self.event_type, self.slice_name, self.found, self.needed = event_type, slice_name, found, needed


class NoEventsToJudge(ScoringError):
    """The asked stretch of time holds no mature events, or none of them is positive."""

    def __init__(self, *, event_type: str, since: str, until: str, rows: int) -> None:
        super().__init__(
            f"{event_type}: of the {rows} mature events from {since} to {until} none is labelled positive, "
            "so nothing can be judged. Choose an earlier stretch, or wait until labels have matured."
        )
        self.event_type, self.since, self.until, self.rows = event_type, since, until, rows


class InvalidTraining(ScoringError):
    """A training cannot be asked for like this: `field` is not what is `allowed`."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field}: {value!r} is not {allowed}")
        self.field, self.value, self.allowed = field, value, allowed


class UnknownTraining(ScoringError):
    """No training has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no training {number}")
        self.number = number


class TrainingNotPossible(ScoringError):
    """A training in this state does not take this step (a finished one cannot be cancelled)."""

    def __init__(self, *, number: int, state: str, step: str) -> None:
        super().__init__(f"training {number} is {state} and cannot be {step}")
        self.number, self.state, self.step = number, state, step


class TrainingCancelled(ScoringError):
    """Somebody asked for this training to stop."""

    def __init__(self, *, number: int, actor: str) -> None:
        super().__init__(f"training {number} was cancelled by {actor}")
        self.number, self.actor = number, actor
