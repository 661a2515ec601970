"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class NoModelYet(ScoringError):
    """No model of this event type was trained, or none that may decide."""

    def __init__(self, event_type: str) -> None:
        super().__init__(
            f"{event_type} has no model yet that may decide."
            f" Train one:  manage.py train --event-type {event_type}"
        )
        self.event_type = event_type


class GateFailed(ScoringError):
    """A model that has not passed its automatic checks cannot be approved. `failed`: their names."""

    def __init__(self, *, name: str, failed: list[str]) -> None:
        super().__init__(f"{name} cannot be approved: it failed {', '.join(failed)}")
        self.name, self.failed = name, failed


class OwnModel(ScoringError):
    """Who had a model trained does not approve it."""

    def __init__(self, *, name: str, actor: str) -> None:
        super().__init__(f"{name} was trained for {actor}; somebody else has to approve it")
        self.name, self.actor = name, actor


class AlreadyJudged(ScoringError):
    """A model is approved or rejected once; `status` says which it was."""

    def __init__(self, *, name: str, status: str, judged_by: str) -> None:
        super().__init__(f"{name} was {status} by {judged_by}, which is final; train another version")
        self.name, self.status, self.judged_by = name, status, judged_by


class NoteRequired(ScoringError):
    """A judgement that somebody will ask about needs a reason in words."""

    def __init__(self, *, name: str, judgement: str) -> None:
        super().__init__(f"say why {name} is to be {judgement}: a note is needed")
        self.name, self.judgement = name, judgement


class NotApproved(ScoringError):
    """Only an approved model may be given traffic or scored in the shadow."""

    def __init__(self, *, name: str, status: str) -> None:
        super().__init__(
            f"{name} is {status}, and only an approved model may be put to work: approve it first"
        )
        self.name, self.status = name, status


class ModelNotPromotable(ScoringError):
    """The model must not decide: what it was trained for, or the code it needs, forbids it."""

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(f"{name} cannot be promoted: {reason}")
        self.name, self.reason = name, reason


class FeaturesNotBackfilled(ScoringError):
    """The online states do not hold yet what the features of a model read."""

    def __init__(self, *, name: str, lane: str) -> None:
        super().__init__(
            f"the online states of lane {lane} do not hold yet what the features of {name} read, or Redis"
            " cannot be asked: run `manage.py rebuild --online`, or let a worker of this code take the lane,"
            " and promote it then"
        )
        self.name, self.lane = name, lane


class NothingToRollBackTo(ScoringError):
    """No other model was champion of this event type before the present one."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"no other model decided {event_type} before; promote one instead")
        self.event_type = event_type


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
