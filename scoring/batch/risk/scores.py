"""The scored events of a risk view: the first score of each event, as the log says it."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
from django.db import connection

from scoring.batch.risk.sums import ScoredEvents
from scoring.batch.risk.view import Risk
from scoring.catalog.registry import event_type as find_event_type
from scoring.log.entries import Cursor
from scoring.log.read import AFTER, Horizon
from scoring.log.texts import read_texts
from scoring.offline.columns import coded, event_table, integers

# A later score of the same event, such as that of a correction, does not count again.
_SCORED = f"""
    SELECT said.epoch, said.txid::text::bigint, said.position, decision.event_position, decision.score
      FROM (SELECT epoch, txid, position FROM scoring_logentry WHERE {AFTER}
               AND type IN ('decision.made', 'decision.revised')) said
      JOIN scoring_decision decision ON decision.position = said.position
     WHERE decision.event_type = %s AND decision.score IS NOT NULL AND decision.decided_at >= %s
       AND NOT EXISTS (
           SELECT 1 FROM scoring_decision earlier
            WHERE earlier.event_position = decision.event_position
              AND earlier.revision < decision.revision AND earlier.score IS NOT NULL)
     ORDER BY said.epoch, said.txid, said.position LIMIT %s
"""  # noqa: S608
PAGE = 20_000


def iter_scored(
    view: Risk, *, after: Cursor, horizon: Horizon, since: datetime, page: int = PAGE
) -> Iterator[ScoredEvents]:
    """The view's events first scored after the cursor and before the horizon, a page at a time.

    Those decided before `since` are left out.
    """
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_SCORED, [*after, *horizon, view.source, since, page])
            rows = cursor.fetchall()
        if rows:
            scores = {event: score for *_, event, score in rows}
            yield _scored_events(view, scores)
            after = Cursor(*rows[-1][:3])
        if len(rows) < page:
            return


def _scored_events(view: Risk, scores: dict[int, float]) -> ScoredEvents:
    """The events at these positions with their scores, as received."""
    kind = find_event_type(view.source)
    field = view.source_field(kind, view.entities[0])
    table = event_table(kind, read_texts(np.array(list(scores), dtype=np.int64)), [field])
    positions = integers(table["_position"])
    return ScoredEvents(
        entities=coded(table[field]),
        positions=positions,
        scores=np.array([scores[position] for position in positions.tolist()]),
        times=integers(table["_occurred_at"]),
    )
