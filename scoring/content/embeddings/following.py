"""Follows the log: queues the events whose texts are to be embedded."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scoring.content.embeddings import queue
from scoring.content.embeddings.compared_types import compared_type
from scoring.content.embeddings.models import KnownText, TextEmbedding, TextJob
from scoring.lanes.amendments import CORRECTED, RECEIVED, RETRACTED
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry

TYPES = frozenset({RECEIVED, CORRECTED, RETRACTED, *LABEL_TYPES})


@dataclass
class Request:
    """What is to be done about an event, since the entry at `position`."""

    compare: bool = False
    relabeled: bool = False
    position: int = 0


def follow_texts(entries: Sequence[Entry], *, now: datetime) -> None:
    """Queue the events that these entries concern, in the caller's transaction."""
    wanted: dict[str, Request] = defaultdict(Request)
    for entry, stream, asks in requests_of(entries, since=now - queue.MAX_AGE):
        request = wanted[stream]
        request.compare |= asks.compare
        request.relabeled |= asks.relabeled
        request.position = entry.position
    if wanted:
        queue.enqueue(
            {stream: (each.position, each.compare, each.relabeled) for stream, each in wanted.items()},
            now=now,
        )


def requests_of(entries: Iterable[Entry], *, since: datetime) -> Iterator[tuple[Entry, str, Request]]:
    """(entry, stream of its event, what it asks for). Events received before `since` are not compared."""
    for entry in entries:
        is_label = entry.type in LABEL_TYPES
        stream = entry.data["event"] if is_label else entry.stream
        kind = compared_type(stream.partition("/")[0])
        if kind is None:
            continue
        if is_label:
            if kind.labels.positive in (entry.data["effective"], entry.data["previous"]):
                yield entry, stream, Request(relabeled=True)
        elif entry.type == RETRACTED:
            yield entry, stream, Request(relabeled=True)
        else:
            is_recent = entry.recorded_at >= since and not entry.data.get("history")
            compare = is_recent and any(name in entry.data["fields"] for name in kind.compared_texts())
            if compare or entry.type == CORRECTED:
                yield entry, stream, Request(compare=compare, relabeled=entry.type == CORRECTED)


def forget_texts() -> None:
    """Undo the consumer's effect. Embeddings stay, as they follow from the texts and the model alone."""
    TextJob.objects.all().delete()
    KnownText.objects.all().delete()
    TextEmbedding.objects.filter(known=True).update(known=False)


TEXTS = Consumer(name="scoring.texts", types=TYPES, handle=follow_texts, reset=forget_texts)
