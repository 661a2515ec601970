"""Trainings, and the labelled events they learn and judge from."""

from scoring.errors.base import ScoringError


class NotEnoughHistory(ScoringError):
    """The matured events span too short a time to be cut into slices."""

    def __init__(self, *, days: float, needed: float) -> None:
        super().__init__(
            f"matured events span {days:.1f} days, training needs at least {needed:.0f}. "
            "Bring older history (manage.py ingest --history), or train later (--as-of)."
        )
        self.days, self.needed = days, needed


class NotEnoughPositives(ScoringError):
    """A slice of the training set holds too few positives to learn or to judge from."""

    def __init__(self, *, event_type: str, slice_name: str, found: int, needed: int) -> None:
        super().__init__(
            f"{event_type}: the {slice_name} slice holds {found} matured positives,"
            f" at least {needed} are needed. "
            "Record more labels, or choose a later --as-of."
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
