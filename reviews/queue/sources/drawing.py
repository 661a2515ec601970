"""Which decided events a source makes cases of: a pure function, drawn by a salted hash, so repeatable."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from reviews.queue.sources.settings import CANDIDATE, EXPLORED, UNCERTAIN, SourceSettings
from scoring.rules.exploration.drawing import was_let_through

SALT = "reviews/sources/1"


def source_of(decision: Mapping[str, Any], stream: str, settings: SourceSettings) -> str:
    """The source that makes a case of an event not sent to review, "" for none.

    `decision`: the data of its `decision.made`. Explored events come first: they are the fewest.
    """
    if was_let_through(decision.get("exploration")) and is_drawn(EXPLORED, stream, settings):
        return EXPLORED
    if is_uncertain(decision, margin=settings.margin) and is_drawn(UNCERTAIN, stream, settings):
        return UNCERTAIN
    return ""


def is_uncertain(decision: Mapping[str, Any], *, margin: float) -> bool:
    """Whether the score is nearer than `margin` to a threshold of the decision; False without a score."""
    score, thresholds = decision["score"], decision.get("thresholds") or {}
    return score is not None and any(abs(score - limit) < margin for limit in thresholds.values())


def is_drawn(source: str, stream: str, settings: SourceSettings) -> bool:
    """Whether an event of a source is within the source's share."""
    digest = hashlib.sha256(f"{SALT}\x1f{source}\x1f{stream}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < settings.source(source).share


def within_caps(
    drawn: Sequence[tuple[str, str, str]],
    settings: Mapping[str, SourceSettings],
    opened: Mapping[tuple[str, str], int],
) -> dict[str, str]:
    """The source of each event that becomes a case, by stream, as long as its day has room.

    `drawn`: (stream, event type, source) in order; `opened`: today's cases by event type and source.
    """
    room = {
        (name, source): settings[name].source(source).per_day - opened.get((name, source), 0)
        for name in settings
        for source in (UNCERTAIN, EXPLORED, CANDIDATE)
    }
    chosen = {}
    for stream, name, source in drawn:
        if room[name, source] > 0:
            room[name, source] -= 1
            chosen[stream] = source
    return chosen
