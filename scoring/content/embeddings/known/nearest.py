"""The known texts that are nearest to others: by the index of pgvector, or compared one by one without it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction

from scoring.content.embeddings.known.database import is_indexed
from scoring.content.embeddings.known.stored import read_embeddings, unpack_array
from scoring.content.embeddings.models import KnownText, TextModel

# Candidates that a search of the index looks at first; more are read while too few are of the scope.
EF_SEARCH = 100

# Scopes of up to so many known texts are compared one by one, which takes 10 to 20 ms: among many
# texts of other scopes the index would miss those of a rare one.
MAX_COMPARED = 1_000

_SIZE = """
    SELECT name, (SELECT count(*) FROM (
                  SELECT 1 FROM scoring_knowntext WHERE scope = name LIMIT %s) AS counted)
      FROM unnest(%s::text[]) AS scope (name)
"""
_SIMILARITY = "1 - (other.embedding::vector({size}) <=> own.embedding::vector({size}))"
# The order is that of the index of `database.prepare_search`.
_BY_INDEX = f"""
    SELECT other.digest, {_SIMILARITY} AS similarity
      FROM scoring_textembedding other
     WHERE other.model_id = {{model}} AND other.known AND EXISTS (
           SELECT 1 FROM scoring_knowntext known WHERE known.digest = other.digest
              AND known.scope = scope.name AND known.position <> asked.position)
     ORDER BY other.embedding::vector({{size}}) <=> own.embedding::vector({{size}}) LIMIT %(limit)s
"""  # noqa: S608
_ONE_BY_ONE = f"""
    SELECT other.digest, {_SIMILARITY} AS similarity
      FROM (SELECT DISTINCT digest FROM scoring_knowntext
             WHERE scope = scope.name AND position <> asked.position) known
      JOIN scoring_textembedding other ON other.digest = known.digest AND other.model_id = {{model}}
     ORDER BY similarity DESC LIMIT %(limit)s
"""  # noqa: S608
_NEAREST = """
    SELECT asked.place - 1, scope.name, found.digest, found.similarity, text.position, text.known_at
      FROM unnest(%(digests)s::text[], %(positions)s::bigint[]) WITH ORDINALITY
           AS asked (digest, position, place)
      JOIN scoring_textembedding own ON own.digest = asked.digest AND own.model_id = {model}
     CROSS JOIN unnest(%(scopes)s::text[]) AS scope (name)
     CROSS JOIN LATERAL ({found}) AS found
     CROSS JOIN LATERAL (
           SELECT position, known_at FROM scoring_knowntext known
            WHERE known.digest = found.digest AND known.scope = scope.name
              AND known.position <> asked.position
            ORDER BY known_at DESC, position DESC LIMIT 1
           ) AS text
"""
_ALL_KNOWN = """
    SELECT digest, array_send(embedding) FROM scoring_textembedding
     WHERE model_id = %s AND known ORDER BY digest
"""


class Asked(NamedTuple):
    """A text, by its digest, of the event at `position`, which is not compared with itself."""

    digest: str
    position: int


class Neighbor(NamedTuple):
    """A known text. `similarity`: the cosine, -1 to 1; `position`: the latest event that has it."""

    scope: str
    digest: str
    similarity: float
    position: int
    known_at: datetime


def nearest_known(
    asked: Sequence[Asked], *, scopes: Sequence[str], limit: int, model: TextModel
) -> list[list[Neighbor]]:
    """For each text up to `limit` different known texts of each scope, the nearest first.

    None for texts without an embedding of this model. An index is approximate: it may miss some.
    """
    if not asked or not scopes:
        return [[] for _ in asked]
    search = search_index if is_indexed(model) else compare_all
    return search(asked, scopes=scopes, limit=limit, model=model)


def search_index(
    asked: Sequence[Asked], *, scopes: Sequence[str], limit: int, model: TextModel
) -> list[list[Neighbor]]:
    """`nearest_known` in the database: by the index for scopes with many known texts."""
    large = large_scopes(scopes)
    small = [scope for scope in scopes if scope not in large]
    found: list[list[Neighbor]] = [[] for _ in asked]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL hnsw.ef_search = {EF_SEARCH}")
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        for how, part in ((_BY_INDEX, sorted(large)), (_ONE_BY_ONE, small)):
            values: dict[str, Any] = {
                "digests": [each.digest for each in asked],
                "positions": [each.position for each in asked],
                "scopes": part,
                "limit": limit,
            }
            if part:
                cursor.execute(_statement(how, model), values)
                for place, *neighbor in cursor.fetchall():
                    found[place].append(Neighbor(*neighbor))
    return [_sorted(each) for each in found]


def large_scopes(scopes: Sequence[str]) -> set[str]:
    """The scopes with more known texts than are compared one by one."""
    return {scope for scope, count in _sizes(scopes).items() if count > MAX_COMPARED}


def is_approximate(scopes: Sequence[str], model: TextModel) -> bool:
    """Whether a search of these scopes may miss known texts."""
    return is_indexed(model) and bool(large_scopes(scopes))


def filled_scopes(scopes: Sequence[str]) -> list[str]:
    """The scopes that have known texts."""
    return [scope for scope, count in _sizes(scopes).items() if count]


def _sizes(scopes: Sequence[str]) -> dict[str, int]:
    """How many known texts each scope has, counted up to one more than are compared one by one."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZE, [MAX_COMPARED + 1, list(scopes)])
        return dict(cursor.fetchall())


def _statement(how: str, model: TextModel) -> str:
    return _NEAREST.format(found=how, model="{model}", size="{size}").format(
        model=int(model.pk), size=int(model.dimension)
    )


def compare_all(
    asked: Sequence[Asked], *, scopes: Sequence[str], limit: int, model: TextModel
) -> list[list[Neighbor]]:
    """`nearest_known` by comparing each text with all known ones."""
    own = read_embeddings({each.digest for each in asked}, model=model)
    digests, vectors = _known_vectors(model)
    texts = _known_by_digest(scopes)
    found: list[list[Neighbor]] = []
    for each in asked:
        if each.digest not in own or not digests:
            found.append([])
            continue
        similarities = vectors @ own[each.digest]
        order = np.argsort(-similarities, kind="stable")
        ranked = ((digests[at], float(similarities[at])) for at in order.tolist())
        found.append(_sorted(_first_of_each(ranked, each, texts, scopes=scopes, limit=limit)))
    return found


def _known_vectors(model: TextModel) -> tuple[list[str], "np.ndarray[tuple[int, int], np.dtype[np.float32]]"]:
    with connection.cursor() as cursor:
        cursor.execute(_ALL_KNOWN, [model.pk])
        rows = cursor.fetchall()
    vectors = [unpack_array(data) for _, data in rows]
    return [digest for digest, _ in rows], np.array(vectors, np.float32).reshape(len(rows), model.dimension)


def _known_by_digest(scopes: Sequence[str]) -> dict[str, list[KnownText]]:
    """The known texts of these scopes by digest, the latest first."""
    texts = KnownText.objects.filter(scope__in=scopes).order_by("digest", "-known_at", "-position")
    return {digest: list(group) for digest, group in groupby(texts, key=lambda text: text.digest)}


def _first_of_each(
    ranked: Iterable[tuple[str, float]],
    asked: Asked,
    texts: Mapping[str, Sequence[KnownText]],
    *,
    scopes: Sequence[str],
    limit: int,
) -> list[Neighbor]:
    """Of texts by falling similarity, up to `limit` of each scope that are known of other events."""
    left = dict.fromkeys(scopes, limit)
    found = []
    for digest, similarity in ranked:
        if not any(left.values()):
            break
        for scope in [scope for scope, count in left.items() if count]:
            text = next(
                (t for t in texts.get(digest, ()) if t.scope == scope and t.position != asked.position), None
            )
            if text:
                found.append(Neighbor(scope, digest, similarity, text.position, text.known_at))
                left[scope] -= 1
    return found


def _sorted(found: Iterable[Neighbor]) -> list[Neighbor]:
    return sorted(found, key=lambda each: (-each.similarity, each.scope, each.digest))
