"""Changes the guardrails of an event type, and records models that exceeded one: the only writer of both."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitoring.guardrails.errors import GuardrailsUnchanged
from monitoring.guardrails.settings import GuardrailSettings, check_settings
from monitoring.models import StoredGuardrails
from scoring.catalog.registry import scored_type
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version
from scoring.rules.ruleset.life_cycle import clean_reason, require_reason


def settings_of(event_type: str) -> GuardrailSettings:
    """The guardrails that hold for an event type: those set, or the defaults."""
    row = StoredGuardrails.objects.filter(pk=event_type).first()
    return GuardrailSettings.of(row.settings) if row else GuardrailSettings()


def check_change(event_type: str, settings: GuardrailSettings, *, reason: str) -> None:
    """Refuse settings that may not be set.

    Raises GuardrailsInvalid, ReasonRequired, UnknownEventType, EventTypeNotScored.
    """
    scored_type(event_type)
    require_reason(reason, f"the guardrails of {event_type} change")
    check_settings(event_type, settings)


def change_guardrails(
    event_type: str, settings: GuardrailSettings, *, reason: str, actor: str, now: datetime
) -> Entry:
    """Set the guardrails of an event type's models, from the next check on.

    Raises GuardrailsInvalid, GuardrailsUnchanged, ReasonRequired, UnknownEventType, EventTypeNotScored, and
    StreamConflict after a concurrent change.
    """
    check_change(event_type, settings, reason=reason)
    if settings == settings_of(event_type):
        raise GuardrailsUnchanged(event_type)
    data = {"event_type": event_type, **settings.as_data(), "reason": clean_reason(reason)}
    return append_guardrail(event_type, "guardrail.changed", data, actor=actor, now=now)


def append_guardrail(
    event_type: str, entry_type: str, data: Mapping[str, Any], *, actor: str, now: datetime
) -> Entry:
    """Append to the stream of an event type's guardrails. Raises StreamConflict after a concurrent append."""
    stream = f"guardrail/{event_type}"
    new = NewEntry(
        stream=stream,
        expected_version=last_version(stream),
        type=entry_type,
        data=data,
        metadata={"actor": actor},
    )
    return append([new], now=now)[0]
