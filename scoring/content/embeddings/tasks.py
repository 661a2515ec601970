"""Celery tasks for texts. A message is only a hint; what is to be done is in the database."""

import logging
import time
from functools import cache
from typing import TYPE_CHECKING

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from scoring.content.embeddings import queue
from scoring.content.embeddings.errors import EmbedderUnavailable, EmbeddingsOff

if TYPE_CHECKING:
    from scoring.content.embeddings.embedders.embedder import Embedder
    from scoring.content.embeddings.models import TextModel

logger = logging.getLogger(__name__)

MAX_SECONDS = 300.0  # of one run; then another message continues, so that a worker can be stopped


@shared_task
def embed_queued_texts() -> int:
    """Embed and compare the texts of events that are due; harmless when delivered twice, late or never."""
    from scoring.content.embeddings.processing import process_batch  # noqa: PLC0415 (numpy)

    until, count = time.monotonic() + MAX_SECONDS, 0
    try:
        embedder, model = _loaded()
    except (EmbedderUnavailable, EmbeddingsOff) as error:
        logger.error("no texts are embedded: %s", error)
        return 0
    while time.monotonic() < until:
        worked = process_batch(embedder, model, now=timezone.now())
        if not worked:
            return count
        count += worked
    queue.send_message()
    return count


@shared_task
def sweep_texts() -> bool:
    """Send the message that was lost, if events are due; returns whether it did."""
    is_due = bool(settings.TEXT_EMBEDDINGS) and queue.has_due(now=timezone.now())
    if is_due:
        queue.send_message()
    return is_due


@shared_task
def delete_unneeded_embeddings() -> int:
    """Delete the embeddings that were not needed for `ASSAY_TEXT_EMBEDDINGS_KEEP_DAYS`; returns how many."""
    from scoring.content.embeddings.known.stored import delete_unneeded  # noqa: PLC0415 (numpy)

    return delete_unneeded(now=timezone.now())


@cache
def _loaded() -> "tuple[Embedder, TextModel]":
    """The embedder of this process, with its row and its index. Raises EmbedderUnavailable, EmbeddingsOff."""
    from scoring.content.embeddings.embedders.current import use_model  # noqa: PLC0415
    from scoring.content.embeddings.embedders.loading import load_embedder  # noqa: PLC0415
    from scoring.content.embeddings.known.database import missing_extension, prepare_search  # noqa: PLC0415

    embedder = load_embedder()
    model = use_model(embedder, now=timezone.now())
    if not prepare_search(model) and (missing := missing_extension()):
        logger.warning(missing)
    logger.info("texts are embedded by %s", model)
    return embedder, model
