"""Embed the texts of queued events, keep the known texts as the labels say, and compare."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DataError, IntegrityError

from scoring.content.embeddings import queue
from scoring.content.embeddings.embedders.embedder import Embedder, embed_texts
from scoring.content.embeddings.enrichment import enrich_with_similarities
from scoring.content.embeddings.known.membership import known_digests, refresh_known
from scoring.content.embeddings.known.stored import store_embeddings, touch_embedded
from scoring.content.embeddings.models import TextModel
from scoring.content.embeddings.queue import Claimed
from scoring.content.embeddings.subjects import Subject, read_subjects
from scoring.content.embeddings.texts import EventText, reveal_texts
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

BATCH = 64  # events in one run


def process_batch(embedder: Embedder, model: TextModel, *, now: datetime) -> int:
    """Work on the next events that are due; returns how many. It may run twice for the same event."""
    if expired := queue.drop_expired(now=now):
        telemetry.add("texts", "expired", count=expired)
    claimed = queue.claim(limit=BATCH, now=now)
    if not claimed:
        return 0
    for part in _parts(claimed):
        _process(part, embedder, model, now=now)
    return len(claimed)


def _parts(claimed: Sequence[Claimed]) -> list[Sequence[Claimed]]:
    """Events to work on together; those that failed before alone, so that one does not fail others."""
    first = [each for each in claimed if each.attempt == 1]
    return [*([first] if first else []), *([each] for each in claimed if each.attempt > 1)]


def _process(claimed: Sequence[Claimed], embedder: Embedder, model: TextModel, *, now: datetime) -> None:
    subjects = read_subjects([each.stream for each in claimed])
    waiting = _awaiting_media(claimed, subjects)
    try:
        _work_on(claimed, subjects, waiting, embedder, model, now=now)
    except (
        ValueError,
        RuntimeError,
        OSError,
        DataError,
        IntegrityError,
    ) as error:  # of model or text
        _give_back(claimed, error, now=now)
    else:
        queue.complete([each for each in claimed if each not in waiting])
        queue.postpone(waiting, now=now)


def _work_on(
    claimed: Sequence[Claimed],
    subjects: Sequence[Subject],
    waiting: Sequence[Claimed],
    embedder: Embedder,
    model: TextModel,
    *,
    now: datetime,
) -> None:
    relabeled = {each.stream for each in claimed if each.relabeled}
    comparing = {each.stream for each in claimed if each.compare and each not in waiting}
    refresh_known([each for each in subjects if each.stream in relabeled])
    compared = [each for each in subjects if each.stream in comparing and not each.is_retracted]
    wanted = [text for each in compared for text in each.texts]
    labeled = [text for each in subjects if each.stream in relabeled for text in each.texts]
    known = known_digests({text.digest for text in labeled})
    wanted += [text for text in labeled if text.digest in known]
    embed_missing(wanted, embedder, model, now=now)
    enrich_with_similarities(compared, model=model, now=now)


def embed_missing(texts: Sequence[EventText], embedder: Embedder, model: TextModel, *, now: datetime) -> int:
    """Embed and store those of the texts that have no embedding of this model; returns how many."""
    by_digest = {text.digest: text for text in texts}
    there = touch_embedded(by_digest, model=model, now=now)
    missing = [text for digest, text in by_digest.items() if digest not in there]
    read = reveal_texts(missing)
    if not read:
        return 0
    # Texts of like length together: a batch takes as long as its longest text for each.
    ordered = sorted(read, key=lambda digest: len(read[digest]))
    vectors = dict(zip(ordered, embed_texts(embedder, [read[digest] for digest in ordered]), strict=True))
    personal = {text.digest for text in missing if text.clear is None}
    store_embeddings(vectors, personal=personal, model=model, now=now)
    telemetry.add("texts", "embedded", count=len(vectors))
    return len(vectors)


def _awaiting_media(claimed: Sequence[Claimed], subjects: Sequence[Subject]) -> list[Claimed]:
    """The events whose media are to be processed first: each enrichment takes the place of the one before."""
    awaiting = {each.stream for each in subjects if each.awaits_media}
    return [each for each in claimed if each.compare and each.stream in awaiting]


def _give_back(claimed: Sequence[Claimed], error: Exception, *, now: datetime) -> None:
    """Have events tried again, and drop those that were tried too often."""
    hopeless = [each for each in claimed if each.attempt >= queue.MAX_ATTEMPTS]
    logger.warning("texts of %d events are not embedded yet: %r", len(claimed), error)
    if hopeless:
        queue.complete(hopeless)
        telemetry.add("texts", "failed", count=len(hopeless))
    queue.postpone([each for each in claimed if each not in hopeless], now=now)
