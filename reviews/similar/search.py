"""Decided cases whose events got their scores for the same reasons as another event."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from reviews.models.similar import CaseExplanation
from reviews.similar.database import AS_VECTOR, TABLE, is_indexed
from reviews.similar.vectors import DIMENSION

# Candidates that a search of the index looks at first; more are read while too few are of the event type.
EF_SEARCH = 100

# Up to so many cases of a type are compared one by one, which takes some 10 ms: among many cases of other
# types the index would miss those of a rare one.
MAX_COMPARED = 1_000

# Without the index so many cases of a type are compared, the newest ones.
MAX_NEWEST = 5_000

_BY_INDEX = f"""
    SELECT event_position, 1 - ({AS_VECTOR} <=> %(vector)s::vector({DIMENSION})) FROM {TABLE}
     WHERE event_type = %(event_type)s AND event_position <> %(position)s
     ORDER BY {AS_VECTOR} <=> %(vector)s::vector({DIMENSION}) LIMIT %(limit)s
"""  # noqa: S608
_NEWEST = f"""
    SELECT event_position, array_send(vector) FROM {TABLE}
     WHERE event_type = %s AND event_position <> %s ORDER BY event_position DESC LIMIT %s
"""  # noqa: S608
_SEND_HEADER = 5  # numbers of 4 bytes before the elements in the binary form of an array; each has its length

Vector = NDArray[np.float32]


class Neighbor(NamedTuple):
    """A decided case. `similarity`: the cosine, -1 to 1; `main`: the largest contributions by feature."""

    position: int
    similarity: float
    main: dict[str, float]


class SimilarCases(NamedTuple):
    """Neighbors, the nearest first. `approximate`: some may have been missed; `newest`: only so many of the
    newest cases were compared, 0 if all were.
    """

    found: list[Neighbor]
    approximate: bool
    newest: int


def similar_cases(event_type: str, vector: Vector, *, position: int, limit: int) -> SimilarCases:
    """Up to `limit` decided cases of an event type other than that of the event at `position`."""
    count = CaseExplanation.objects.filter(event_type=event_type)[: MAX_NEWEST + 1].count()
    if count > MAX_COMPARED and is_indexed():
        found = search_index(event_type, vector, position=position, limit=limit)
        return SimilarCases(found, approximate=True, newest=0)
    found = compare_newest(event_type, vector, position=position, limit=limit, newest=MAX_NEWEST)
    return SimilarCases(found, approximate=False, newest=MAX_NEWEST if count > MAX_NEWEST else 0)


def search_index(event_type: str, vector: Vector, *, position: int, limit: int) -> list[Neighbor]:
    """`similar_cases` by the index of pgvector, which may miss some."""
    values: dict[str, str | int] = {
        "vector": str(vector.tolist()),
        "event_type": event_type,
        "position": position,
        "limit": limit,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL hnsw.ef_search = {EF_SEARCH}")
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        cursor.execute(_BY_INDEX, values)
        return _neighbors(dict(cursor.fetchall()))


def compare_newest(
    event_type: str, vector: Vector, *, position: int, limit: int, newest: int
) -> list[Neighbor]:
    """`similar_cases` by comparing the vector with those of the newest cases."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [event_type, position, newest])
        rows = cursor.fetchall()
    if not rows:
        return []
    similarities = _unpacked([sent for _, sent in rows]) @ vector
    order = np.argsort(-similarities, kind="stable")[:limit]
    return _neighbors({rows[at][0]: float(similarities[at]) for at in order.tolist()})


def _neighbors(similarities: Mapping[int, float]) -> list[Neighbor]:
    """Given the similarity of each, in order, by position."""
    stored = CaseExplanation.objects.defer("vector").in_bulk(list(similarities))
    return [
        Neighbor(position, similarity, dict(stored[position].main))
        for position, similarity in similarities.items()
        if position in stored
    ]


def _unpacked(sent: Sequence[bytes | memoryview]) -> Vector:
    """Vectors [n, DIMENSION] of what PostgreSQL's `array_send` gives for a `real[]`: each with its length."""
    numbers = np.frombuffer(b"".join(sent), dtype=">f4").reshape(len(sent), _SEND_HEADER + 2 * DIMENSION)
    return numbers[:, _SEND_HEADER + 1 :: 2].astype(np.float32)
