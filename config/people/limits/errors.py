"""Errors of the limits of groups. Each message says what happened and what to do."""

from scoring.configuration.type_settings.errors import SettingsInvalid, SettingsUnchanged
from scoring.errors import ScoringError


class GroupUnknown(ScoringError):
    """No group has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no group {name!r}; create it first")


class LimitsInvalid(SettingsInvalid):
    """Limits are refused; the first argument is the name of the group."""

    kind = "limits"


class LimitsUnchanged(SettingsUnchanged):
    """The limits are those that already hold."""

    kind = "limits"
