"""What people have configured for breakers: a pure fold of the ruleset."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from scoring.rules.breaker.settings import BreakerSettings

Key = tuple[str, str]  # an event type and a source

DEFAULT: Final = BreakerSettings()


@dataclass(frozen=True, slots=True)
class BreakerConfiguration:
    """The limits and resets of all breakers as of a version of the ruleset.

    `settings` by event type; the others have the defaults. `resets`: for each breaker that was reset by hand
    the version of the ruleset at its last reset.
    """

    ruleset: int = 0
    settings: Mapping[str, BreakerSettings] = field(default_factory=dict)
    resets: Mapping[Key, int] = field(default_factory=dict)

    def settings_of(self, event_type: str) -> BreakerSettings:
        return self.settings.get(event_type, DEFAULT)

    def after(self, entry_type: str, data: Mapping[str, Any], *, ruleset: int) -> "BreakerConfiguration":
        """The configuration after the entry of the ruleset that gave it the version `ruleset`."""
        if entry_type == "breaker.changed":
            settings = {**self.settings, data["event_type"]: BreakerSettings.of(data)}
            return replace(self, ruleset=ruleset, settings=settings)
        if entry_type == "breaker.reset":
            resets = {**self.resets, (data["event_type"], data["source"]): ruleset}
            return replace(self, ruleset=ruleset, resets=resets)
        return replace(self, ruleset=ruleset)
