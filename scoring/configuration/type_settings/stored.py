"""Settings of one kind by event type: read from their table, and changed through their streams."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from scoring.catalog.parsing.reasons import clean_reason
from scoring.catalog.registry import scored_type
from scoring.configuration.sections.event_type_settings import EventTypeSettings
from scoring.configuration.type_settings.errors import SettingsUnchanged
from scoring.configuration.type_settings.models import StoredSettings
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version, read_stream
from scoring.rules.ruleset.life_cycle import require_reason

MAX_SHOWN = 30

Settings = TypeVar("Settings", bound=EventTypeSettings)


@dataclass(frozen=True)
class SettingsByType(Generic[Settings]):
    """The settings of one kind, and the only writer of them; types without a row have `defaults`.

    `stream`: the first word of their streams and entry types. `rows`: their table. `check`: refuses settings
    that are not allowed. `text`: words settings in one line. `unchanged`: raised for those that already hold;
    it names the kind.
    """

    stream: str
    rows: type[StoredSettings]
    defaults: Settings
    check: Callable[[str, Settings], None]
    text: Callable[[Settings], str]
    unchanged: type[SettingsUnchanged]

    def of(self, event_type: str) -> Settings:
        """The settings that hold for an event type: those set, or the defaults."""
        return self.in_row(self.row_of(event_type))

    def row_of(self, event_type: str) -> StoredSettings | None:
        return self.rows._default_manager.filter(pk=event_type).first()

    def in_row(self, row: StoredSettings | None) -> Settings:
        """The settings that hold, given the row of an event type."""
        return self.defaults.of(row.settings) if row else self.defaults

    def by_type(self) -> dict[str, Settings]:
        """The settings that were set, by event type."""
        return {row.event_type: self.in_row(row) for row in self.rows._default_manager.all()}

    def check_change(self, event_type: str, settings: Settings, *, reason: str) -> None:
        """Refuse settings that may not be set.

        Raises what `check` does, ReasonRequired, UnknownEventType, EventTypeNotScored.
        """
        scored_type(event_type)
        require_reason(reason, f"the {self.unchanged.kind} of {event_type} change")
        self.check(event_type, settings)

    def change(self, event_type: str, settings: Settings, *, reason: str, actor: str, now: datetime) -> Entry:
        """Set the settings of an event type, from the next check on.

        Raises what `check_change` does, `unchanged`, and StreamConflict after a concurrent change.
        """
        self.check_change(event_type, settings, reason=reason)
        version = self.version_of(event_type)  # read before the row, so that a change between them conflicts
        if settings == self.of(event_type):
            raise self.unchanged(event_type)
        data = {**settings.as_data(), "reason": clean_reason(reason)}
        return self.append(event_type, "changed", data, version=version, actor=actor, now=now)

    def version_of(self, event_type: str) -> int:
        """The number of entries in the stream of an event type."""
        return last_version(f"{self.stream}/{event_type}")

    def append(
        self, event_type: str, name: str, data: Mapping[str, Any], *, version: int, actor: str, now: datetime
    ) -> Entry:
        """Append to the stream of an event type, at a version. Raises StreamConflict if it has another."""
        new = NewEntry(
            stream=f"{self.stream}/{event_type}",
            expected_version=version,
            type=f"{self.stream}.{name}",
            data={"event_type": event_type, **data},
            metadata={"actor": actor},
        )
        return append([new], now=now)[0]

    def history(self, event_type: str) -> list[dict[str, Any]]:
        """The latest changes for pages, newest first, each with the new settings in words."""
        changed = f"{self.stream}.changed"
        changes = [each for each in read_stream(f"{self.stream}/{event_type}") if each.type == changed]
        return [
            {
                "text": self.text(self.defaults.of(entry.data)),
                "reason": entry.data["reason"],
                "actor": entry.metadata.get("actor", ""),
                "at": entry.recorded_at,
            }
            for entry in reversed(changes[-MAX_SHOWN:])
        ]
