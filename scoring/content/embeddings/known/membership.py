"""Which texts are known to be bad: follows the labels of events."""

from collections.abc import Collection, Sequence

from django.conf import settings
from django.db import connection, transaction

from scoring.content.embeddings.models import KnownText
from scoring.content.embeddings.subjects import Subject

# The oldest of a scope beyond the bound; a scope has as many as that at most for a moment.
_SURPLUS = """
    DELETE FROM scoring_knowntext WHERE id IN (
           SELECT id FROM scoring_knowntext WHERE scope = %s
            ORDER BY known_at DESC, position DESC OFFSET %s) RETURNING digest
"""
# An embedding is in the index of its model while its text is known.
_MARK = """
    UPDATE scoring_textembedding embedded SET known = NOT embedded.known
     WHERE digest = ANY(%s)
       AND known <> EXISTS (SELECT 1 FROM scoring_knowntext text WHERE text.digest = embedded.digest)
"""


def refresh_known(subjects: Sequence[Subject]) -> None:
    """Write what the current labels of these events say of their current texts, and nothing else of them."""
    rows = [
        KnownText(
            position=each.position,
            field=text.field,
            scope=scope,
            digest=text.digest,
            known_at=each.known_at,
        )
        for each in subjects
        if each.known_at is not None
        for text in each.texts
        for scope in each.scopes
    ]
    with transaction.atomic():
        earlier = KnownText.objects.filter(position__in=[each.position for each in subjects])
        digests = set(earlier.values_list("digest", flat=True)) | {row.digest for row in rows}
        earlier.delete()
        KnownText.objects.bulk_create(rows)
        for scope in sorted({row.scope for row in rows}):
            digests |= _drop_surplus(scope)
        mark_known(digests)


def mark_known(digests: Collection[str]) -> None:
    """Make `TextEmbedding.known` of these texts say whether they are known."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [list(digests)])


def known_digests(digests: Collection[str]) -> set[str]:
    """Those of the texts that are known."""
    return set(KnownText.objects.filter(digest__in=digests).values_list("digest", flat=True))


def _drop_surplus(scope: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_SURPLUS, [scope, settings.TEXT_EMBEDDINGS_MAX_KNOWN])
        return {row[0] for row in cursor.fetchall()}
