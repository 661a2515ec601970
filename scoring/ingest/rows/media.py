"""Rows whose events name uploaded files, with what is known of these."""

from collections.abc import Sequence
from dataclasses import replace

from scoring.catalog.errors import InvalidEvent
from scoring.content.media.attaching import attach_media
from scoring.ingest.rows.event_rows import ParsedRow


def attach_rows(rows: Sequence[ParsedRow]) -> tuple[list[ParsedRow], dict[int, str]]:
    """The rows with their media, and by index why the others are refused: they name unknown files."""
    found, refused = [], {}
    for row, event in zip(rows, attach_media([row.parsed for row in rows]), strict=True):
        if isinstance(event, InvalidEvent):
            refused[row.index] = "; ".join(f"{field} {problem}" for field, problem, _ in event.problems)
        else:
            found.append(replace(row, parsed=event))
    return found, refused
