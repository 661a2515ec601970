"""Changes the limits of breakers, and resets open ones; the only writer of both to the ruleset."""

from datetime import datetime

from scoring.catalog.parsing.reasons import clean_reason
from scoring.catalog.registry import scored_type
from scoring.log.entries import Entry
from scoring.rules.breaker.errors import BreakerNotOpen, BreakerUnchanged
from scoring.rules.breaker.models import BreakerState, StoredBreakerSettings
from scoring.rules.breaker.settings import BreakerSettings, check_settings
from scoring.rules.ruleset.life_cycle import require_reason
from scoring.rules.ruleset.stream import Change, change_ruleset


def settings_of(event_type: str) -> BreakerSettings:
    """The limits that hold for an event type: those set, or the defaults."""
    row = StoredBreakerSettings.objects.filter(pk=event_type).values().first()
    return BreakerSettings.of(row) if row else BreakerSettings()


def change_settings(
    event_type: str, settings: BreakerSettings, *, reason: str, actor: str, now: datetime
) -> Entry:
    """Set the limits of an event type's breakers. Lanes follow from their next micro-batch on.

    Raises BreakerInvalid, BreakerUnchanged, ReasonRequired, UnknownEventType, EventTypeNotScored.
    """
    check_settings_change(event_type, settings, reason=reason)

    def build() -> list[Change]:
        if settings == settings_of(event_type):
            raise BreakerUnchanged(event_type)
        data = {"event_type": event_type, **settings.as_data(), "reason": clean_reason(reason)}
        return [Change("breaker.changed", data)]

    return change_ruleset(build, actor=actor, now=now)[0]


def check_settings_change(event_type: str, settings: BreakerSettings, *, reason: str) -> None:
    """Raises what `change_settings` does, but for limits that hold already."""
    scored_type(event_type)
    require_reason(reason, f"the limits of {event_type} change")
    check_settings(event_type, settings)


def reset_breaker(event_type: str, source: str, *, reason: str, actor: str, now: datetime) -> Entry:
    """Close an open breaker; would-be blocks are counted anew. Raises BreakerNotOpen, ReasonRequired."""
    require_reason(reason, f"the breaker of {event_type} from {source} is reset")

    def build() -> list[Change]:
        is_open = BreakerState.objects.filter(event_type=event_type, source=source, until__isnull=False)
        if not is_open.exists():
            raise BreakerNotOpen(event_type=event_type, source=source)
        data = {"event_type": event_type, "source": source, "reason": clean_reason(reason)}
        return [Change("breaker.reset", data)]

    return change_ruleset(build, actor=actor, now=now)[0]
