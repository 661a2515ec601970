"""Risk profiles as rows: the newest version of each risk view, with the scores of the versions before."""

import logging
import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import orjson
from django.db import connection

from scoring.batch.errors import BatchVersionCorrupt
from scoring.batch.models import BatchVersion
from scoring.batch.risk.models import RiskProfile
from scoring.batch.risk.overrides import risk_views
from scoring.batch.risk.view import EVENT_COLUMNS, KEPT_EVENTS, Risk
from scoring.batch.stored import read_tables
from scoring.batch.views import BatchTable
from scoring.log.entries import Entry
from scoring.sql.bulk_tables import insert_values

logger = logging.getLogger(__name__)

MAX_HISTORY = 120  # versions
ROWS_A_WRITE = 5_000
_TABLE = RiskProfile._meta.db_table
_COLUMNS = ("view", "entity", "score", "computed", "weight", "total", "events", "version", "as_of")
_REPLACED = ", ".join(f"{column} = EXCLUDED.{column}" for column in _COLUMNS[2:])
_LONGER = ", ".join(
    f"history_{what} = ({_TABLE}.history_{what} || EXCLUDED.history_{what})"
    f"[greatest(1, cardinality({_TABLE}.history_{what}) + 2 - {MAX_HISTORY}):]"
    for what in ("at", "scores")
)
_ON_CONFLICT = f"(view, entity) DO UPDATE SET {_REPLACED}, {_LONGER}"


def write_profiles(entries: Sequence[Entry]) -> None:
    """Replace the profiles of published risk views, in the caller's transaction.

    A version whose file is lost is left out: the next one replaces it.
    """
    views = risk_views()
    for entry in entries:
        view = views.get(entry.data["view"])
        if view is not None and entry.data["definition"] == view.definition_hash:
            _write(view, BatchVersion.objects.get(view=view.key, number=entry.data["number"]))


def _write(view: Risk, version: BatchVersion) -> None:
    try:
        (table,) = read_tables(view, version)
    except BatchVersionCorrupt as error:
        logger.warning("risk profiles lack a version: %s", error)
        return
    every = _rows(view, version, table)
    while rows := list(islice(every, ROWS_A_WRITE)):
        insert_values(
            connection, _TABLE, (*_COLUMNS, "history_at", "history_scores"), rows, on_conflict=_ON_CONFLICT
        )
    RiskProfile.objects.filter(view=view.key, version__lt=version.number).delete()


def _rows(view: Risk, version: BatchVersion, table: BatchTable) -> Iterator[tuple[Any, ...]]:
    served = len(view.tables[0].stored) - len(EVENT_COLUMNS)
    for entity, numbers in zip(table.keys, table.matrix.tolist(), strict=True):
        score, computed, weight, total = numbers[:served]
        events = np.reshape(numbers[served:], (KEPT_EVENTS, -1)).tolist()
        known = [[int(position), of, int(at)] for position, of, at in events if not math.isnan(position)]
        yield (
            *(view.key, entity, score, None if math.isnan(computed) else computed, weight, total),
            *(orjson.dumps(known).decode(), version.number, version.as_of),
            *([version.as_of], [score]),
        )
