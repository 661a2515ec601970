"""Changes in the log as lines of a page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from scoring.log.entries import Entry

MAX_LINES = 30


@dataclass(frozen=True)
class HistoryLine:
    """A change as the template `admin_kit/history.html` shows it."""

    text: str
    actor: str
    reason: str
    at: datetime


def history_lines(changes: Iterable[Entry], text_of: Callable[[Entry], str]) -> list[HistoryLine]:
    """The latest of these changes, which come in order and each have a reason, "" for none; newest first."""
    return [
        HistoryLine(
            text_of(entry),
            entry.metadata.get("actor", ""),
            entry.data["reason"] or "no reason given",
            entry.recorded_at,
        )
        for entry in reversed(list(changes)[-MAX_LINES:])
    ]
