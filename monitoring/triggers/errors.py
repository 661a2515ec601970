"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.configuration.type_settings.errors import SettingsInvalid, SettingsUnchanged


class TriggersInvalid(SettingsInvalid):
    """Settings of retraining triggers are refused."""

    kind = "retraining triggers"


class TriggersUnchanged(SettingsUnchanged):
    """The retraining triggers are those that already hold."""

    kind = "retraining triggers"
