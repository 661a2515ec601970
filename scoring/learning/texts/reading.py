"""Reads the texts of events in bulk: from the vault by the digests in the log, or from the log itself."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.dataset.training_set import VectorTable
from scoring.progress import NO_PROGRESS, ProgressReporter

MAX_TEXTS = 300_000  # the newest events whose texts are read: more would take the memory and teach little
ROWS_A_QUERY = 20_000

_STORED = """
    SELECT position, data::json -> 'fields' ->> %(field)s FROM scoring_logentry
     WHERE position = ANY(%(positions)s)
"""
_REVEALED = """
    SELECT entry.position, item.value FROM scoring_logentry entry
      JOIN scoring_vaultitem item ON item.digest = entry.data::json -> 'fields' ->> %(field)s
     WHERE entry.position = ANY(%(positions)s)
"""


def with_texts(
    vectors: VectorTable, names: Iterable[str], *, watch: ProgressReporter = NO_PROGRESS
) -> VectorTable:
    """The table with the texts of these fields; None where an event has none, or it was erased.

    One step of `watch` for each field, counted in events.
    """
    texts = {name: _read(vectors, name, watch) for name in dict.fromkeys(names)}
    return replace(vectors, texts=texts) if texts else vectors


def _read(vectors: VectorTable, name: str, watch: ProgressReporter) -> NDArray[np.object_]:
    newest = np.sort(np.argsort(vectors.occurred_at, kind="stable")[-MAX_TEXTS:])
    watch.begin(f"reading the {name}", total=len(newest))
    texts = np.full(len(vectors.positions), None, dtype=object)
    for rows in _chunks(newest):
        texts[rows] = texts_at(vectors.event_type, name, vectors.positions[rows])
        watch.advance(len(rows))
    return texts


def texts_at(event_type: str, name: str, positions: NDArray[np.int64]) -> NDArray[np.object_]:
    """The text of a field of each version at these positions; None if it has none, or it was erased."""
    is_personal = find_event_type(event_type).fields[name].personal
    found = _query(_REVEALED if is_personal else _STORED, name, positions)
    texts = np.empty(len(positions), dtype=object)
    texts[:] = [found.get(position) for position in positions.tolist()]
    return texts


def _chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for start in range(0, len(rows), ROWS_A_QUERY):
        yield rows[start : start + ROWS_A_QUERY]


def _query(statement: str, name: str, positions: NDArray[np.int64]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"field": name, "positions": positions.tolist()})
        return dict(cursor.fetchall())
