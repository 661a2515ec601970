"""What keeps a model from being approved, promoted or given traffic."""

from scoring.errors.base import ScoringError


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


class InvalidRoute(ScoringError):
    """Arms that cannot route an event type."""

    def __init__(self, event_type: str, problem: str) -> None:
        super().__init__(f"route of {event_type}: {problem}")
        self.event_type = event_type
        self.problem = problem
