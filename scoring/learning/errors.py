"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError
from scoring.jobs.errors import JobCancelled, JobNotPossible, TooManyJobs, UnknownJob


class NoModelYet(ScoringError):
    """This event type has no model that may decide."""

    def __init__(self, event_type: str) -> None:
        super().__init__(
            f"{event_type} has no model that may decide yet."
            f" Train one:  manage.py train --event-type {event_type}"
        )
        self.event_type = event_type


class GateFailed(ScoringError):
    """The model failed automatic checks, so it cannot be approved. `failed`: the names of these checks."""

    def __init__(self, *, name: str, failed: list[str]) -> None:
        super().__init__(f"{name} cannot be approved, because it failed these checks: {', '.join(failed)}")
        self.name, self.failed = name, failed


class OwnModel(ScoringError):
    """The person who requested a training cannot approve its model."""

    def __init__(self, *, name: str, actor: str) -> None:
        super().__init__(f"{name} was trained for {actor}, so someone else must approve it")
        self.name, self.actor = name, actor


class AlreadyJudged(ScoringError):
    """A model is approved or rejected once; `status` says which it was."""

    def __init__(self, *, name: str, status: str, judged_by: str) -> None:
        super().__init__(f"{name} was {status} by {judged_by}, which is final; train a new version")
        self.name, self.status, self.judged_by = name, status, judged_by


class NoteRequired(ScoringError):
    """This judgment must be explained in a note."""

    def __init__(self, *, name: str, judgment: str) -> None:
        super().__init__(f"a note must say why {name} is {judgment}")
        self.name, self.judgment = name, judgment


class NotApproved(ScoringError):
    """Only an approved model may get traffic or run in shadow."""

    def __init__(self, *, name: str, status: str) -> None:
        super().__init__(f"{name} is {status}, and only an approved model can be deployed: approve it first")
        self.name, self.status = name, status


class ModelNotPromotable(ScoringError):
    """The model must not decide because of how it was trained."""

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(f"{name} cannot be promoted: {reason}")
        self.name, self.reason = name, reason


class FeaturesNotBackfilled(ScoringError):
    """The online states do not contain what the model's features read yet."""

    def __init__(self, *, name: str, lane: str) -> None:
        super().__init__(
            f"the online states of lane {lane} do not yet contain all values that {name} reads, or Redis"
            " is unavailable: run `manage.py rebuild --online`, or let a worker with this code process"
            " the lane, then promote the model"
        )
        self.name, self.lane = name, lane


class NothingToRollBackTo(ScoringError):
    """The event type had no champion before the current one."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"no other model has decided {event_type} before; promote one instead")
        self.event_type = event_type


class NotEnoughToTrain(ScoringError):
    """The mature events are not enough to train on."""

    def advise(self, advice: str) -> None:
        """Append advice to the message."""
        self.args = (f"{self} {advice}",)


class NotEnoughHistory(NotEnoughToTrain):
    """The mature events are too few, or span too short a time, to be split into slices."""

    def __init__(self, *, event_type: str, rows: int, days: float, needed: float) -> None:
        found = f"the {rows:,} mature events span {days:.1f} days" if rows else "no event is mature"
        unit = "day" if needed == 1 else "days"
        super().__init__(
            f"{event_type}: {found}; training needs at least {needed:g} {unit} of mature events."
        )
        self.event_type, self.rows, self.days, self.needed = event_type, rows, days, needed


class NotEnoughPositives(NotEnoughToTrain):
    """A slice of the training set contains too few positives to train or evaluate on.

    `stretch` describes the slice's events and days; `positives` those of all positives.
    """

    def __init__(
        self, *, event_type: str, slice_name: str, found: int, needed: int, stretch: str, positives: str
    ) -> None:
        counted = f"{found} mature {'positive' if found == 1 else 'positives'}"
        super().__init__(
            f"{event_type}: the {slice_name} slice ({stretch}) contains {counted}, but needs at least"
            f" {needed}. {positives}"
        )
        self.event_type, self.slice_name, self.found, self.needed = event_type, slice_name, found, needed


class NoEventsToEvaluate(ScoringError):
    """The requested period contains no mature events, or no positive ones."""

    def __init__(self, *, event_type: str, since: str, until: str, rows: int) -> None:
        period = f"from {since} to {until}"
        found = (
            f"none of the {rows:,} mature events {period} is labeled positive"
            if rows
            else f"there are no mature events {period}"
        )
        super().__init__(
            f"{event_type}: {found}, so the model cannot be evaluated. Choose an earlier"
            " period, or wait until labels have matured."
        )
        self.event_type, self.since, self.until, self.rows = event_type, since, until, rows


class InvalidTraining(ScoringError):
    """A training was requested with an invalid `field`; `allowed` says what is valid."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field}: {value!r} is not {allowed}")
        self.field, self.value, self.allowed = field, value, allowed


class FutureInformation(ScoringError):
    """A training set contains what was not known at the decision or at the cut-off.

    `what`: a predicate of `count` events; `position`: of the first of them in the log.
    """

    def __init__(self, *, event_type: str, what: str, count: int, position: int) -> None:
        super().__init__(
            f"{event_type}: {count:,} {'event' if count == 1 else 'events'} of the training set {what}"
            f" (the first at log position {position}), so nothing was trained"
        )
        self.event_type, self.what, self.count, self.position = event_type, what, count, position


class LeakageSuspected(ScoringError):
    """Features alone are too good to be true. `features`: their names, ROC AUC and average precision."""

    def __init__(self, *, event_type: str, features: Sequence[tuple[str, float, float]]) -> None:
        listed = ", ".join(
            f"{name} (average precision {precision:.3f}, ROC AUC {auc:.3f})"
            for name, auc, precision in features
        )
        options = " ".join(f"--accept-leakage {name}" for name, *_ in features)
        super().__init__(
            f"{event_type}: each of these features alone is too good to be true: {listed}. Check that it is"
            f" known when the event is decided. Then accept it ({options}), or leave it out (--leave-out)"
        )
        self.event_type, self.features = event_type, tuple(features)


class ServedValuesDiffer(ScoringError):
    """Training values of features are not those that decisions were given. `features`: their names, how many
    events differ, and how many were compared.
    """

    def __init__(self, *, event_type: str, features: Sequence[tuple[str, int, int]]) -> None:
        listed = ", ".join(
            f"{name} ({differing:,} of {compared:,} events)" for name, differing, compared in features
        )
        options = " ".join(f"--accept-leakage {name}" for name, *_ in features)
        super().__init__(
            f"{event_type}: training values of these features differ from those that decisions were given:"
            f" {listed}. A model would learn from values that it never gets. Find the cause, such as history"
            " that was loaded after the decisions or a changed declaration. Then accept the feature"
            f" ({options}), or leave it out (--leave-out)"
        )
        self.event_type, self.features = event_type, tuple(features)


class ContenderCannotBeCompared(ScoringError):
    """A model version cannot be measured fairly on the events of a fold."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} cannot be compared: {reason}")
        self.name, self.reason = name, reason


class UnknownTraining(UnknownJob):
    """No training has this number."""

    kind = "training"


class TrainingNotPossible(JobNotPossible):
    """The training's state does not allow this step (a finished one cannot be cancelled)."""

    kind = "training"


class TrainingCancelled(JobCancelled):
    """A user cancelled this training."""

    kind = "training"


class UnknownEvaluation(UnknownJob):
    """No evaluation has this number."""

    kind = "evaluation"


class EvaluationNotPossible(JobNotPossible):
    """The evaluation's state does not allow this step (a finished one cannot be cancelled)."""

    kind = "evaluation"


class EvaluationCancelled(JobCancelled):
    """A user cancelled this evaluation."""

    kind = "evaluation"


class TooManyEvaluations(TooManyJobs):
    """A person has as many evaluations queued or running as one may have."""

    kind = "evaluation"


class EventTypeOfOtherModel(ScoringError):
    """A model scores events of its own type only."""

    def __init__(self, *, name: str, event_type: str) -> None:
        super().__init__(f"{name} scores events of the type {event_type}; state this type or none")
        self.name, self.event_type = name, event_type


class ResultSetOfOtherRun(ScoringError):
    """The target has the result set of another request."""

    def __init__(self, *, url: str, differs: list[str]) -> None:
        super().__init__(
            f"{url} has a result set with another {' and another '.join(differs)};"
            " choose another target, or replace it with --anew"
        )
        self.url, self.differs = url, differs


class ResultSetFormatUnknown(ScoringError):
    """The target has a result set that other code wrote."""

    def __init__(self, *, url: str, found: object, known: int) -> None:
        super().__init__(
            f"{url} has a result set of the format {found!r}, and this code knows {known};"
            " choose another target, or replace it with --anew"
        )
        self.url, self.found, self.known = url, found, known


class LaneReordered(ScoringError):
    """The lane was reordered after the run began, so the rest would not fit what is written."""

    def __init__(self, lane: str) -> None:
        super().__init__(
            f"the lane {lane} was reordered after this result set was begun; begin again with --anew"
        )
        self.lane = lane


class InvalidSliceField(ScoringError):
    """Events cannot be sliced by this field: it is unknown, personal, or has a value of its own per event."""

    def __init__(self, field: str, *, allowed: list[str], features: list[str]) -> None:
        super().__init__(
            f"events cannot be sliced by {field!r}; allowed are the fields {', '.join(allowed) or '(none)'}"
            f" and the features {', '.join(features) or '(none)'}"
        )
        self.field = field
