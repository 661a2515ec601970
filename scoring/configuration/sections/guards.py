"""The sections `exploration` and `breakers`: settings of event types, without versions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import models

from scoring.configuration.sections.section import (
    NUMBER,
    WHOLE,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.rules.breaker.changing import change_settings, check_settings_change
from scoring.rules.breaker.errors import BreakerInvalid, BreakerUnchanged
from scoring.rules.breaker.models import StoredBreakerSettings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.exploration.changing import change_exploration, check_change, exploration_of
from scoring.rules.exploration.errors import ExplorationInvalid, ExplorationUnchanged
from scoring.rules.exploration.models import StoredExploration
from scoring.rules.exploration.settings import Exploration

EXPLORATION_KINDS = {"share": NUMBER, "amount_cap": WHOLE, "daily_cap": WHOLE}
BREAKER_KINDS = {
    "max_share": NUMBER,
    "max_blocks": WHOLE,
    "min_events": WHOLE,
    "window_s": WHOLE,
    "cool_down_s": WHOLE,
}
DEFAULTS = BreakerSettings()


def stored_form(model: type[models.Model], values: Mapping[str, Any]) -> Item:
    """The values as the table would give them back: 1 as 1.0 in a column of decimals."""
    columns = {field.attname: field for field in model._meta.concrete_fields}
    return {name: columns[name].to_python(value) for name, value in values.items()}


class ExplorationSection:
    """The salt is not part of a file: who can read it could choose ids that are drawn."""

    name, title, depth = "exploration", "Exploration", 1
    approval = ""

    def export(self, *, requests: bool = False) -> Items:
        rows = StoredExploration.objects.order_by("event_type")
        return {(row.event_type,): {name: getattr(row, name) for name in EXPLORATION_KINDS} for row in rows}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        self._change(self._wanted(key, data), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        """Switch it off. Its caps stay."""
        if before := exploration_of(key[0]):
            self._change(replace(before, share=0.0), applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        return self._planned(self._wanted(key, data), planning)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        before = exploration_of(key[0])
        return self._planned(replace(before, share=0.0), planning) if before else None

    def _wanted(self, key: Key, data: Data) -> Exploration:
        members = check_members(data, EXPLORATION_KINDS, required=tuple(EXPLORATION_KINDS))
        return Exploration(event_type=key[0], salt="", **members)

    def _planned(self, wanted: Exploration, planning: Planning) -> Item:
        try:
            check_change(wanted, exploration_of(wanted.event_type), reason=planning.reason)
        except ExplorationInvalid as error:
            raise invalid_at((), error.problems) from error
        return stored_form(StoredExploration, {name: getattr(wanted, name) for name in EXPLORATION_KINDS})

    def _change(self, wanted: Exploration, applying: Applying) -> None:
        try:
            change_exploration(wanted, reason=applying.reason, actor=applying.actor, now=applying.now)
        except ExplorationInvalid as error:
            raise invalid_at((), error.problems) from error
        except ExplorationUnchanged:
            return


class BreakersSection:
    """Settings that are the defaults are not part of a file."""

    name, title, depth = "breakers", "Breakers", 1
    approval = ""

    def export(self, *, requests: bool = False) -> Items:
        rows = StoredBreakerSettings.objects.order_by("event_type").values()
        settings = {(row["event_type"],): BreakerSettings.of(row) for row in rows}
        return {
            key: without_defaults(each.as_data(), DEFAULTS.as_data())
            for key, each in settings.items()
            if each != DEFAULTS
        }

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        self._change(key[0], self._wanted(data), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        self._change(key[0], DEFAULTS, applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        return self._planned(key[0], self._wanted(data), planning)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return self._planned(key[0], DEFAULTS, planning)

    def _wanted(self, data: Data) -> BreakerSettings:
        members = check_members(data, BREAKER_KINDS)
        given = {name: value for name, value in members.items() if value is not None}
        return BreakerSettings(**{**DEFAULTS.as_data(), **given})

    def _planned(self, event_type: str, wanted: BreakerSettings, planning: Planning) -> Item | None:
        try:
            check_settings_change(event_type, wanted, reason=planning.reason)
        except BreakerInvalid as error:
            raise invalid_at((), error.problems) from error
        stored = stored_form(StoredBreakerSettings, wanted.as_data())
        return None if wanted == DEFAULTS else without_defaults(stored, DEFAULTS.as_data())

    def _change(self, event_type: str, wanted: BreakerSettings, applying: Applying) -> None:
        try:
            change_settings(
                event_type, wanted, reason=applying.reason, actor=applying.actor, now=applying.now
            )
        except BreakerInvalid as error:
            raise invalid_at((), error.problems) from error
        except BreakerUnchanged:
            return
