"""Hourly windows of models by sender: the vectors and scores of the events of each source."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db.models import Q

from monitoring.models import ModelSenderWindow
from monitoring.windows.binning import BinCounts, Reference, pack, unpack
from monitoring.windows.hourly import to_hour
from monitoring.windows.model_windows import is_by_model, read_references, sum_contributions
from scoring.features.logged_vectors import stack_vectors
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry

KEPT = timedelta(days=60)  # a sender is compared with its last four weeks
COUNTED = ("rows", "features", "scores", "contributions")


class SenderHour(NamedTuple):
    """A model version, a source and the start of an hour, UTC."""

    model: str
    source: str
    start: datetime


@dataclass
class SenderCounts:
    """The counts of one model, source and hour: the columns of a `ModelSenderWindow`."""

    event_type: str
    rows: int
    features: BinCounts
    scores: BinCounts
    contributions: BinCounts


def count_senders(
    entries: Iterable[Entry], *, references: Mapping[str, Reference]
) -> dict[SenderHour, SenderCounts]:
    """What `decision.made` entries by the models of `references` add to each window."""
    grouped: dict[SenderHour, list[Entry]] = defaultdict(list)
    for entry in entries:
        if is_by_model(entry) and entry.data["model"] in references:
            hour = SenderHour(entry.data["model"], source_of(entry), to_hour(entry.recorded_at))
            grouped[hour].append(entry)
    return {hour: _count(made, references[hour.model]) for hour, made in grouped.items()}


def source_of(decision: Entry) -> str:
    """The sender of the event that was decided, from its stream: `{type}/{source}/{id}`."""
    return decision.stream.split("/", 2)[1]


def _count(made: Sequence[Entry], reference: Reference) -> SenderCounts:
    vectors, contributions = stack_vectors([entry.packed or b"" for entry in made], len(reference.names))
    return SenderCounts(
        event_type=made[0].data["event_type"],
        rows=len(made),
        features=reference.count_vectors(vectors),
        scores=reference.count_scores(np.array([entry.data["score"] for entry in made])),
        contributions=sum_contributions(contributions),
    )


def add_to_sender_windows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Add first decisions to the windows of their senders, in the caller's transaction.

    Entries that are older than `KEPT` are left out, as are decisions of versions without a reference.
    """
    recent = [entry for entry in entries if entry.recorded_at > now - KEPT and is_by_model(entry)]
    references = read_references(entry.data["model"] for entry in recent)
    seen = count_senders(recent, references=references)
    if not seen:
        return
    ModelSenderWindow.objects.bulk_create(
        [_sum(window, seen[hour], references[hour.model]) for hour, window in _stored(seen).items()],
        update_conflicts=True,
        unique_fields=["model", "source", "start"],
        update_fields=COUNTED,
    )


def _stored(seen: Iterable[SenderHour]) -> dict[SenderHour, ModelSenderWindow]:
    """The windows of `seen`, stored or new; the locked cursor of the consumer keeps other writers out."""
    windows = {hour: ModelSenderWindow(**hour._asdict()) for hour in seen}
    wanted = Q(model__in={hour.model for hour in windows}, start__in={hour.start for hour in windows})
    for window in ModelSenderWindow.objects.filter(wanted, source__in={hour.source for hour in windows}):
        if (hour := SenderHour(window.model, window.source, window.start)) in windows:
            window.pk = None  # upserted by its natural key
            windows[hour] = window
    return windows


def _sum(window: ModelSenderWindow, added: SenderCounts, reference: Reference) -> ModelSenderWindow:
    """The window with the counts added; a new one has none yet."""
    if window.rows:
        added.features = added.features + reference.unpack_features(window.features)
        added.scores = added.scores + unpack(window.scores)
        added.contributions = added.contributions + unpack(window.contributions)
    window.event_type = added.event_type
    window.rows += added.rows
    for column in ("features", "scores", "contributions"):
        setattr(window, column, pack(getattr(added, column)))
    return window


def prune_senders(*, now: datetime) -> int:
    """Delete windows past their retention; returns how many."""
    return ModelSenderWindow.objects.filter(start__lt=now - KEPT).delete()[0]


def empty_sender_windows() -> None:
    """Delete all windows before the log is counted again."""
    ModelSenderWindow.objects.all().delete()


SENDER_WINDOWS = Consumer(
    name="monitoring.sender_windows",
    types=frozenset({"decision.made"}),
    handle=add_to_sender_windows,
    reset=empty_sender_windows,
)
