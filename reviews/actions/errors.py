"""Errors of actions. Each message says what happened and what to do."""

from typing import ClassVar
from uuid import UUID

from reviews.errors import ReviewError
from scoring.configuration.type_settings.errors import SettingsInvalid


class ActionInvalid(SettingsInvalid):
    """A definition is refused; the first argument is the action's name."""

    kind: ClassVar[str] = "action"


class ParametersInvalid(SettingsInvalid):
    """The parameters of a request are refused; the first argument is the action's name."""

    kind: ClassVar[str] = "parameters"


class ActionUnknown(ReviewError):
    """No action in use has this name, or none for this event type."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"there is no action {name!r} for this case; choose one of those that the page offers"
        )


class ActionExists(ReviewError):
    """An action has this name, in use or retired."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is an action {name!r} already; change it, or choose another name")


class ActionChangedMeanwhile(ReviewError):
    """The action has a newer version than the one that was changed or confirmed."""

    def __init__(self, name: str, *, based_on: int, newest: int) -> None:
        self.name = name
        super().__init__(
            f"the action {name!r} is now at version {newest}, and you saw version {based_on};"
            " look at the newest one first"
        )


class ActionUnchanged(ReviewError):
    """The action already has these terms."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the action {name!r} already has these terms")


class ActionWithoutAddress(ReviewError):
    """The action has no address for its requests yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the action {name!r} has no address; enter one on its page")


class ActionNotYours(ReviewError):
    """Only members of the action's groups may request it."""

    def __init__(self, name: str, *, groups: list[str]) -> None:
        self.name = name
        super().__init__(f"the action {name!r} is for members of {', '.join(groups)}")


class ActionAlreadyRequested(ReviewError):
    """The action runs once per case, and is queued or delivered."""

    def __init__(self, name: str, case: str) -> None:
        self.name, self.case = name, case
        super().__init__(f"the action {name!r} was requested for {case} already; it runs once per case")


class RequestKeyTaken(ReviewError):
    """The key of a request made one for another case."""

    def __init__(self, key: UUID) -> None:
        self.key = key
        super().__init__(f"the request {key} is one of another case; open the case again")
