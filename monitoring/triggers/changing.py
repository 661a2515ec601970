"""Changes the retraining triggers of an event type: the only writer of their settings."""

from datetime import datetime

from monitoring.models import StoredTriggers
from monitoring.triggers.errors import TriggersUnchanged
from monitoring.triggers.settings import TriggerSettings, check_settings
from scoring.catalog.registry import scored_type
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version
from scoring.rules.ruleset.life_cycle import clean_reason, require_reason


def settings_of(event_type: str) -> TriggerSettings:
    """The triggers that hold for an event type: those set, or the defaults."""
    return settings_in(StoredTriggers.objects.filter(pk=event_type).first())


def settings_in(row: StoredTriggers | None) -> TriggerSettings:
    """The triggers that hold, given the row of an event type."""
    return TriggerSettings.of(row.settings) if row else TriggerSettings()


def check_change(event_type: str, settings: TriggerSettings, *, reason: str) -> None:
    """Refuse settings that may not be set.

    Raises TriggersInvalid, ReasonRequired, UnknownEventType, EventTypeNotScored.
    """
    scored_type(event_type)
    require_reason(reason, f"the retraining triggers of {event_type} change")
    check_settings(event_type, settings)


def change_triggers(
    event_type: str, settings: TriggerSettings, *, reason: str, actor: str, now: datetime
) -> Entry:
    """Set the retraining triggers of an event type, from the next check on.

    Raises TriggersInvalid, TriggersUnchanged, ReasonRequired, UnknownEventType, EventTypeNotScored, and
    StreamConflict after a concurrent change.
    """
    check_change(event_type, settings, reason=reason)
    stream = f"trigger/{event_type}"
    version = last_version(stream)  # read before the row, so that a change between them conflicts
    if settings == settings_of(event_type):
        raise TriggersUnchanged(event_type)
    new = NewEntry(
        stream=stream,
        expected_version=version,
        type="trigger.changed",
        data={"event_type": event_type, **settings.as_data(), "reason": clean_reason(reason)},
        metadata={"actor": actor},
    )
    return append([new], now=now)[0]
