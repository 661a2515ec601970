"""Errors of the sources of cases."""

from scoring.configuration.type_settings.errors import SettingsInvalid, SettingsUnchanged


class SourcesInvalid(SettingsInvalid):
    """Settings of sources are refused."""

    kind = "sources of cases"


class SourcesUnchanged(SettingsUnchanged):
    """The sources are those that already hold."""

    kind = "sources of cases"
