"""Sections with the settings of event types that hold at once: some members, and a mapping for each row.

Guardrails are such settings: `watch_hours`, and a row with its limits for each metric.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from scoring.configuration.sections.section import (
    MAPPING,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    as_in_files,
    as_in_settings,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.errors import ScoringError


class EventTypeSettings(Protocol):
    """Settings that are logged as a mapping, in which one member is a list of rows."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self: ...
    def as_data(self) -> dict[str, Any]: ...


Settings = TypeVar("Settings", bound=EventTypeSettings)


@dataclass(frozen=True)
class SettingsSection(Generic[Settings]):
    """A section of settings; those that are the defaults are not part of a file.

    `kinds`: of the members besides rows; `rows`: the member with rows, `row_key`: what names a row,
    `row_kinds`: of the members of a row. `stored`: the settings that were set, by event type. `check` and
    `change` are the room's services for (event type, settings), with `reason`, and `actor` and `now`; they
    raise `invalid`, which has `problems`, and `change` also `unchanged`.
    """

    name: str
    title: str
    defaults: Settings
    kinds: Mapping[str, str]
    rows: str
    row_key: str
    row_kinds: Mapping[str, str]
    stored: Callable[[], Mapping[str, Settings]]
    check: Callable[..., object]
    change: Callable[..., object]
    invalid: type[ScoringError]
    unchanged: type[ScoringError]
    depth: int = 1
    approval: str = ""

    def export(self, *, requests: bool = False) -> Items:
        found = self.stored()
        items = {(name,): self._item(found[name]) for name in sorted(found)}
        return {key: item for key, item in items.items() if item}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        self._change(key[0], self._wanted(data), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        """Back to the defaults."""
        self._change(key[0], self.defaults, applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        return self._planned(key[0], self._wanted(data), planning)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return self._planned(key[0], self.defaults, planning)

    def _item(self, settings: Settings) -> Item:
        """The settings as in a file: what differs from the defaults, rows by their names."""
        mine, defaults = self._by_row(settings), self._by_row(self.defaults)
        nested = {
            name: without_defaults(value, defaults[name]) if name in self._row_names() else value
            for name, value in mine.items()
        }
        return {name: value for name, value in nested.items() if value not in ({}, defaults[name])}

    def _wanted(self, data: Data) -> Settings:
        """The settings that an item of a file means. Raises ItemInvalid."""
        members = check_members(data, {**self.kinds, **dict.fromkeys(self._row_names(), MAPPING)})
        wanted = self._by_row(self.defaults)
        for name, value in members.items():
            if name in self.kinds:
                wanted[name] = wanted[name] if value is None else value
            else:
                given = check_members(value or {}, self.row_kinds, at=(name,))
                wanted[name] |= {each: found for each, found in given.items() if found is not None}
        rows = [{self.row_key: name, **as_in_settings(wanted[name])} for name in self._row_names()]
        general = as_in_settings({name: wanted[name] for name in self.kinds})
        return self.defaults.of({**general, self.rows: rows})

    def _by_row(self, settings: Settings) -> dict[str, Any]:
        """The members of settings as in files, and each row under its name."""
        data = settings.as_data()
        rows = {row.pop(self.row_key): as_in_files(row) for row in data.pop(self.rows)}
        return {**as_in_files(data), **rows}

    def _row_names(self) -> list[str]:
        return [row[self.row_key] for row in self.defaults.as_data()[self.rows]]

    def _planned(self, event_type: str, wanted: Settings, planning: Planning) -> Item | None:
        try:
            self.check(event_type, wanted, reason=planning.reason)
        except self.invalid as error:
            raise invalid_at((), _problems_of(error)) from error
        return self._item(wanted) or None

    def _change(self, event_type: str, wanted: Settings, applying: Applying) -> None:
        try:
            self.change(event_type, wanted, reason=applying.reason, actor=applying.actor, now=applying.now)
        except self.invalid as error:
            raise invalid_at((), _problems_of(error)) from error
        except self.unchanged:
            return


def _problems_of(error: Any) -> tuple[tuple[str, str, object], ...]:
    """The problems that an error of invalid settings names."""
    problems: tuple[tuple[str, str, object], ...] = error.problems
    return problems
