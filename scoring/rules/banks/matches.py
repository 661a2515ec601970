"""What banks matched, and how often people judged otherwise."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from scoring.catalog.registry import event_types

LAST_MATCHES = 2_000  # of a bank, by which it is judged
MAX_COUNTED = 1_000  # matches of one item
MIN_JUDGED, OFTEN = 5, 0.2  # from which number of judged events, and which share, overturns are worth a word

_JUDGED = """
SELECT count(DISTINCT match.event_position),
       count(DISTINCT match.event_position) FILTER (
           WHERE (match.event_type, label.effective) IN (SELECT * FROM unnest(%s::text[], %s::text[])))
FROM (SELECT event_position, event_type, event_stream FROM scoring_bankmatch
      WHERE bank_name = %s ORDER BY decided_at DESC LIMIT %s) match
JOIN LATERAL (SELECT effective FROM scoring_label WHERE event_stream = match.event_stream
              ORDER BY position DESC LIMIT 1) label ON label.effective IS NOT NULL
"""
_OF_ITEMS = """
SELECT item.id, found.matches, found.latest FROM unnest(%s::bigint[]) item (id)
JOIN LATERAL (SELECT count(*) AS matches, max(decided_at) AS latest
              FROM (SELECT decided_at FROM scoring_bankmatch WHERE item = item.id LIMIT %s) one) found ON true
WHERE found.matches > 0
"""


@dataclass(frozen=True, slots=True)
class Overturns:
    """Of the events that a bank matched last: how many have a label, and how many the negative one."""

    judged: int
    overturned: int

    @property
    def share(self) -> float:
        return self.overturned / self.judged if self.judged else 0.0

    @property
    def is_often(self) -> bool:
        """Whether matches of the bank are to be taken with care."""
        return self.judged >= MIN_JUDGED and self.share >= OFTEN


class MatchesOfItem(NamedTuple):
    """How many matches an item has, at most MAX_COUNTED, and when it matched last among these."""

    matches: int
    latest: datetime


def overturns_of(bank: str) -> Overturns:
    """How people judged the last events that the bank matched."""
    negative = {name: declared.labels.negative for name, declared in event_types().items()}
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED, [list(negative), list(negative.values()), bank, LAST_MATCHES])
        return Overturns(*cursor.fetchone())


def matches_of_items(ids: Collection[int]) -> Mapping[int, MatchesOfItem]:
    """The matches of these items; those without any are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ITEMS, [list(ids), MAX_COUNTED])
        return {item: MatchesOfItem(matches, latest) for item, matches, latest in cursor.fetchall()}
