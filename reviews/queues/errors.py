"""Errors of review queues. Each message says what happened and what to do."""

from typing import ClassVar

from reviews.errors import ReviewError
from scoring.configuration.type_settings.errors import SettingsInvalid


class QueueInvalid(SettingsInvalid):
    """A definition is refused; the first argument is the queue's name."""

    kind: ClassVar[str] = "review queue"

    def __init__(self, name: str, problems: object) -> None:
        super().__init__(name, problems)  # type: ignore[arg-type]
        self.name = name


class QueueUnknown(ReviewError):
    """No queue in use has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no review queue {name!r} in use; choose one of the list")


class QueueExists(ReviewError):
    """A queue has this name, in use or retired."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is a review queue {name!r} already; change it, or choose another name")


class QueueChangedMeanwhile(ReviewError):
    """The queue has a newer version than the one that was changed."""

    def __init__(self, name: str, *, based_on: int, newest: int) -> None:
        self.name = name
        super().__init__(
            f"the review queue {name!r} has version {newest} by now, and you changed version {based_on};"
            " look at the newest one and change that"
        )


class QueueUnchanged(ReviewError):
    """The queue already has these terms."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the review queue {name!r} already has these terms")


class NotYourQueue(ReviewError):
    """Only members of a queue work on its cases."""

    def __init__(self, case: str, *, queue: str) -> None:
        self.case, self.queue = case, queue
        super().__init__(
            f"{case} is in the queue {queue}, of which you are not a member; ask a lead to add you or to"
            " transfer the case"
        )


class CaseAssigned(ReviewError):
    """The case is assigned to another reviewer."""

    def __init__(self, case: str, *, to: str) -> None:
        self.case, self.to = case, to
        super().__init__(f"{case} is assigned to {to}; take another case, or ask a lead to assign it to you")


class InvalidHandling(ReviewError):
    """A case cannot be snoozed, assigned or transferred so: `field` names what was wrong."""

    def __init__(self, *, field: str, problem: str, allowed: str) -> None:
        self.field, self.problem, self.allowed = field, problem, allowed
        super().__init__(f"{field}: {problem}; allowed: {allowed}")
