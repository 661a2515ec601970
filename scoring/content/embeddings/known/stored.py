"""Stored embeddings: each text once for each model."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from scoring.content.embeddings.known.database import drop_index
from scoring.content.embeddings.models import TextEmbedding, TextModel

# A personal text that was erased meanwhile has no row in the vault any more, and gets no embedding.
_STORE = """
    INSERT INTO scoring_textembedding (digest, vault_id, model_id, embedding, known, embedded_at)
    SELECT given.digest, given.vault, %s, given.embedding::real[],
           EXISTS (SELECT 1 FROM scoring_knowntext text WHERE text.digest = given.digest), %s
      FROM unnest(%s::text[], %s::text[], %s::text[]) AS given (digest, vault, embedding)
     WHERE given.vault IS NULL OR EXISTS (SELECT 1 FROM scoring_vaultitem WHERE digest = given.vault)
        ON CONFLICT (digest, model_id) DO NOTHING
"""
_READ = """
    SELECT digest, array_send(embedding) FROM scoring_textembedding WHERE model_id = %s AND digest = ANY(%s)
"""
_SEND_HEADER = 20  # bytes of the binary form of an array of one dimension; then length and value of each


def store_embeddings(
    vectors: Mapping[str, NDArray[np.float32]],
    *,
    personal: Collection[str],
    model: TextModel,
    now: datetime,
) -> None:
    """Store embeddings by the digests of their texts; `personal`: the digests that stand in the vault."""
    digests = sorted(vectors)  # two writers wait for each other instead of deadlocking
    texts = ["{" + ",".join(map(repr, vectors[each].tolist())) + "}" for each in digests]
    vaults = [each if each in personal else None for each in digests]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [model.pk, now, digests, vaults, texts])


def touch_embedded(digests: Collection[str], *, model: TextModel, now: datetime) -> set[str]:
    """Those of the texts that have an embedding of this model; they count as needed now."""
    found = TextEmbedding.objects.filter(model=model, digest__in=digests)
    found.filter(embedded_at__lt=now - timedelta(hours=1)).update(embedded_at=now)
    return set(found.values_list("digest", flat=True))


def read_embeddings(digests: Collection[str], *, model: TextModel) -> dict[str, NDArray[np.float32]]:
    """The embeddings of these texts by this model; absent where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [model.pk, list(digests)])
        return {digest: unpack_array(data) for digest, data in cursor.fetchall()}


def unpack_array(data: bytes | memoryview) -> NDArray[np.float32]:
    """The numbers of what PostgreSQL's `array_send` gives for a `real[]`."""
    return np.frombuffer(data, dtype=">f4", offset=_SEND_HEADER)[1::2].astype(np.float32)


def delete_unneeded(*, now: datetime) -> int:
    """Delete the embeddings that are of no known text and were not needed for days; returns how many."""
    before = now - timedelta(days=settings.TEXT_EMBEDDINGS_KEEP_DAYS)
    count, _ = TextEmbedding.objects.filter(known=False, embedded_at__lt=before).delete()
    return count


def delete_other_models(model: TextModel) -> int:
    """Delete the embeddings of all models but this one, and their indexes; returns how many there were."""
    others = TextModel.objects.exclude(pk=model.pk)
    count = TextEmbedding.objects.filter(model__in=others).count()
    for other in others:
        drop_index(other)
    others.delete()
    return count
