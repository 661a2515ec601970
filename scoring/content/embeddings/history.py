"""Embed labeled history: what people found to be bad before there was a model, or with another one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from scoring.content.embeddings.compared_types import compared_types
from scoring.content.embeddings.embedders.embedder import Embedder
from scoring.content.embeddings.known.membership import refresh_known
from scoring.content.embeddings.models import KnownText, TextEmbedding, TextModel
from scoring.content.embeddings.processing import BATCH, embed_missing
from scoring.content.embeddings.subjects import Subject, read_subjects
from scoring.progress import NO_PROGRESS, ProgressReporter

# Events of a type whose latest label entry left them positive, the latest first.
_LABELED = """
    SELECT label.event_stream, label.position FROM scoring_label label
     WHERE label.event_stream LIKE %s AND label.effective = %s AND label.position < %s
       AND NOT EXISTS (SELECT 1 FROM scoring_label later
                        WHERE later.event_stream = label.event_stream AND later.position > label.position)
     ORDER BY label.position DESC LIMIT %s
"""
_COUNT = """
    SELECT count(DISTINCT event_stream) FROM scoring_label WHERE event_stream LIKE %s AND effective = %s
"""
_END = 2**63 - 1


class EmbeddedHistory(NamedTuple):
    """`events`: with texts that are known; `embedded`: different texts that had no embedding yet."""

    events: int
    embedded: int


def embed_history(
    embedder: Embedder, model: TextModel, *, now: datetime, reporter: ProgressReporter = NO_PROGRESS
) -> EmbeddedHistory:
    """Make the texts of labeled events known and embed them, of each type the newest events first.

    Each batch is committed, and what is embedded stays: an interrupted run continues where it stopped. Of a
    scope more than `ASSAY_TEXT_EMBEDDINGS_MAX_KNOWN` are not kept, so a type ends there.
    """
    events = embedded = 0
    for kind in compared_types():
        reporter.begin(f"{kind.name}: labeled events", total=_count(kind.name, kind.labels.positive))
        room = settings.TEXT_EMBEDDINGS_MAX_KNOWN * (1 + len(kind.policies))
        for streams in _labeled(kind.name, kind.labels.positive):
            known = [each for each in read_subjects(streams) if each.scopes]
            refresh_known(known)
            kept = _kept(known)
            embedded += embed_missing(
                [text for each in kept for text in each.texts], embedder, model, now=now
            )
            events += len(kept)
            reporter.advance(len(streams))
            room -= len(kept)
            if room <= 0:
                break
    return EmbeddedHistory(events, embedded)


def count_known(model: TextModel | None) -> tuple[int, int]:
    """How many different texts are known, and how many of them this model has embedded."""
    known = KnownText.objects.values("digest").distinct().count()
    return known, TextEmbedding.objects.filter(model=model, known=True).count()


def _kept(subjects: Sequence[Subject]) -> list[Subject]:
    """Those that are still known: the oldest of a full scope are not."""
    positions = KnownText.objects.filter(position__in=[each.position for each in subjects])
    kept = set(positions.values_list("position", flat=True))
    return [each for each in subjects if each.position in kept]


def _labeled(type_name: str, positive: str) -> Iterator[list[str]]:
    """The streams of events with a positive label, the newest label first, a batch at a time."""
    before = _END
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_LABELED, [f"{type_name}/%", positive, before, BATCH])
            rows = cursor.fetchall()
        if not rows:
            return
        yield [stream for stream, _ in rows]
        before = rows[-1][1]


def _count(type_name: str, positive: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [f"{type_name}/%", positive])
        return int(cursor.fetchone()[0])
