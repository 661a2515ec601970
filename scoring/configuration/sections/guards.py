"""The sections `exploration` and `breakers`: settings of event types, without versions."""

from dataclasses import replace

from scoring.configuration.sections.section import (
    NUMBER,
    WHOLE,
    Applying,
    Data,
    Items,
    Key,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.rules.breaker.changing import change_settings
from scoring.rules.breaker.errors import BreakerInvalid, BreakerUnchanged
from scoring.rules.breaker.models import StoredBreakerSettings
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.exploration.changing import change_exploration, exploration_of
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


class ExplorationSection:
    """The salt is not part of a file: who can read it could choose ids that are drawn."""

    name, depth = "exploration", 1

    def export(self, *, requests: bool = False) -> Items:
        rows = StoredExploration.objects.order_by("event_type")
        return {(row.event_type,): {name: getattr(row, name) for name in EXPLORATION_KINDS} for row in rows}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        members = check_members(data, EXPLORATION_KINDS, required=tuple(EXPLORATION_KINDS))
        self._change(Exploration(event_type=key[0], salt="", **members), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        """Switch it off. Its caps stay."""
        if before := exploration_of(key[0]):
            self._change(replace(before, share=0.0), applying)

    def _change(self, wanted: Exploration, applying: Applying) -> None:
        try:
            change_exploration(wanted, reason=applying.reason, actor=applying.actor, now=applying.now)
        except ExplorationInvalid as error:
            raise invalid_at((), error.problems) from error
        except ExplorationUnchanged:
            return


class BreakersSection:
    """Settings that are the defaults are not part of a file."""

    name, depth = "breakers", 1

    def export(self, *, requests: bool = False) -> Items:
        rows = StoredBreakerSettings.objects.order_by("event_type").values()
        settings = {(row["event_type"],): BreakerSettings.of(row) for row in rows}
        return {
            key: without_defaults(each.as_data(), DEFAULTS.as_data())
            for key, each in settings.items()
            if each != DEFAULTS
        }

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        members = check_members(data, BREAKER_KINDS)
        given = {name: value for name, value in members.items() if value is not None}
        self._change(key[0], BreakerSettings(**{**DEFAULTS.as_data(), **given}), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        self._change(key[0], DEFAULTS, applying)

    def _change(self, event_type: str, wanted: BreakerSettings, applying: Applying) -> None:
        try:
            change_settings(
                event_type, wanted, reason=applying.reason, actor=applying.actor, now=applying.now
            )
        except BreakerInvalid as error:
            raise invalid_at((), error.problems) from error
        except BreakerUnchanged:
            return
