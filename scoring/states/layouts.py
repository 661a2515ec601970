"""State layouts in Redis that this code does not use: those of earlier or later releases."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from scoring.features.compile.plan import lane_plan
from scoring.lanes.lock import sole_rebuild
from scoring.states.store import LAYOUT_DIGITS, OnlineStore, iter_keys, lane_prefix

# A worker of another release that is still or already running would have to fold the whole log again.
SPARED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OtherLayout:
    """States in the layout of another release; `used_at`: when their last item was sequenced."""

    lane: str
    layout: str
    keys: int
    used_at: datetime | None
    dropped: bool


def drop_other_layouts(lane: str, *, now: datetime) -> list[OtherLayout]:
    """Remove a lane's states in other layouts, except those that were updated in the last hour.

    A worker that still uses removed states notices before it reads a value, and restores them from the log.
    Raises RebuildUnderWay.
    """
    with sole_rebuild(lane):
        return [_drop(lane, layout, keys, now) for layout, keys in sorted(_find_others(lane).items())]


def _find_others(lane: str) -> Counter[str]:
    prefix = lane_prefix(lane)
    of_layout = re.compile(re.escape(prefix) + f"([0-9a-f]{{{LAYOUT_DIGITS}}}):")
    found = Counter(match[1] for key in iter_keys(prefix) if (match := of_layout.match(key)))
    del found[lane_plan(lane).layout_id[:LAYOUT_DIGITS]]
    return found


def _drop(lane: str, layout: str, keys: int, now: datetime) -> OtherLayout:
    store = OnlineStore(lane, layout)
    used_at = _sequenced_at(lane, store.cursor())
    old = used_at is None or used_at < now - SPARED_FOR
    if old:
        store.clear()
    return OtherLayout(lane, layout, keys, used_at, dropped=old)


def _sequenced_at(lane: str, cursor_value: str | None) -> datetime | None:
    position = (cursor_value or "").partition(":")[2]
    if not position.isdigit():
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recorded_at FROM scoring_logentry WHERE position = %s AND stream = %s",
            [int(position), f"lane/{lane}"],
        )
        row = cursor.fetchone()
    return row[0] if row else None
