"""The settings of quality checks by event type: read from their table, and changed through their streams."""

from datetime import datetime
from typing import Any

from reviews.quality.errors import QualityUnchanged
from reviews.quality.settings import QualitySettings, check_settings
from reviews.quality.words import settings_text
from reviews.quality_models import StoredReviewQuality
from scoring.catalog.parsing.reasons import clean_reason
from scoring.catalog.registry import scored_type
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version, read_stream
from scoring.rules.ruleset.life_cycle import require_reason

DEFAULTS = QualitySettings()
MAX_SHOWN = 30


def settings_of(event_type: str) -> QualitySettings:
    """The settings that hold for an event type: those set, or the defaults."""
    return settings_in(StoredReviewQuality.objects.filter(pk=event_type).first())


def settings_in(row: StoredReviewQuality | None) -> QualitySettings:
    """The settings that hold, given the row of an event type."""
    return QualitySettings.of(row.settings) if row else DEFAULTS


def settings_by_type() -> dict[str, QualitySettings]:
    """The settings that were set, by event type."""
    return {row.event_type: settings_in(row) for row in StoredReviewQuality.objects.all()}


def check_change(event_type: str, settings: QualitySettings, *, reason: str) -> None:
    """Refuse settings that may not be set.

    Raises QualityInvalid, ReasonRequired, UnknownEventType, EventTypeNotScored.
    """
    scored_type(event_type)
    require_reason(reason, f"the quality checks of {event_type} change")
    check_settings(event_type, settings)


def change_settings(
    event_type: str, settings: QualitySettings, *, reason: str, actor: str, now: datetime
) -> Entry:
    """Set the quality checks of an event type, from the next verdict and claim on.

    Raises what `check_change` does, QualityUnchanged, and StreamConflict after a concurrent change.
    """
    check_change(event_type, settings, reason=reason)
    stream = f"review_quality/{event_type}"
    version = last_version(stream)  # read before the row, so that a change between them conflicts
    if settings == settings_of(event_type):
        raise QualityUnchanged(event_type)
    new = NewEntry(
        stream=stream,
        expected_version=version,
        type="review_quality.changed",
        data={"event_type": event_type, **settings.as_data(), "reason": clean_reason(reason)},
        metadata={"actor": actor},
    )
    return append([new], now=now)[0]


def history(event_type: str) -> list[dict[str, Any]]:
    """The latest changes for pages, newest first, each with the new settings in words."""
    return [
        {
            "text": settings_text(QualitySettings.of(entry.data)),
            "reason": entry.data["reason"],
            "actor": entry.metadata.get("actor", ""),
            "at": entry.recorded_at,
        }
        for entry in reversed(read_stream(f"review_quality/{event_type}")[-MAX_SHOWN:])
    ]
