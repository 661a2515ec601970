"""The category values known to a model, frozen at its cut-off so that their codes never change."""

from collections.abc import Mapping
from datetime import datetime

from scoring.catalog.event_type import EventType, categories_of
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from scoring.log.retry import append_retrying
from scoring.offline.reading import count_values
from scoring.offline.store import OfflineStore
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.timestamps import to_iso

MAX_VALUES = 255
MIN_OCCURRENCES = 5  # rarer values are too few to learn from and are coded as "unknown"

Vocabulary = dict[str, tuple[str, ...]]


def count_vocabulary(
    kind: type[EventType],
    *,
    as_of: datetime,
    watch: ProgressReporter = NO_PROGRESS,
    store: OfflineStore | None = None,
) -> Vocabulary:
    """The values of each open category up to `as_of`, most frequent first, at most MAX_VALUES.

    One step of `watch`, counted in categories.
    """
    names = [name for name, values in categories_of(kind).items() if not values]
    watch.begin("counting the values of categories", total=len(names))
    counts = count_values(kind.name, names, as_of=as_of, store=store)
    watch.advance(len(names))
    return {name: order_values(counts[name]) for name in names}


def order_values(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Values by frequency, ties by name, so that the same history gives the same codes.

    >>> order_values({"fuel": 9, "food": 9, "rare": 4, "travel": 12})
    ('travel', 'food', 'fuel')
    """
    seen = [value for value, count in counts.items() if count >= MIN_OCCURRENCES]
    return tuple(sorted(seen, key=lambda value: (-counts[value], value))[:MAX_VALUES])


def freeze_vocabulary(
    kind: type[EventType], vocabulary: Vocabulary, *, as_of: datetime, now: datetime
) -> bool:
    """Append `vocabulary.frozen` unless the last one is equal. True if appended.

    Each model stores its own vocabulary; the stream records when it changed.
    """
    stream = f"vocabulary/{kind.name}"
    fields = {name: list(values) for name, values in vocabulary.items()}
    data = {"event_type": kind.name, "as_of": to_iso(as_of), "fields": fields}

    def freeze() -> bool:
        entries = read_stream(stream)
        if entries and entries[-1].data["fields"] == fields:
            return False
        frozen = NewEntry(stream=stream, expected_version=len(entries), type="vocabulary.frozen", data=data)
        append([frozen], now=now)
        return True

    return append_retrying(freeze)
