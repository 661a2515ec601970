"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.configuration.type_settings.errors import SettingsInvalid, SettingsUnchanged


class GuardrailsInvalid(SettingsInvalid):
    """Settings of guardrails are refused."""

    kind = "guardrails"


class GuardrailsUnchanged(SettingsUnchanged):
    """The guardrails are those that already hold."""

    kind = "guardrails"
