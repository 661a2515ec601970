"""Publishes batch views: computes a version, stores it, loads it into Redis and then appends to the log."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from scoring.batch.errors import PublishingUnderWay
from scoring.batch.models import BatchVersion
from scoring.batch.reading import read_events
from scoring.batch.risk.computing import compute_risks
from scoring.batch.risk.view import Risk
from scoring.batch.serve import online
from scoring.batch.status import VALID_AFTER, is_due, newest_version
from scoring.batch.stored import digest_of, read_tables, write_tables
from scoring.batch.views import BatchTable, BatchView, due_at
from scoring.catalog.registry import event_type
from scoring.lanes.models import Pending
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.rebuild import last_position
from scoring.offline.store import OfflineStore
from scoring.sql.advisory_locks import LockSpace, session_lock
from scoring.timestamps import from_micros, to_iso, to_micros

# How long Redis keeps a version that no queued event reads anymore, for events that are being decided.
KEPT_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Computed:
    """The values of a version that is not published yet.

    `inputs`: what the next version continues from; None for a view that is computed anew each time.
    """

    view: BatchView
    as_of_us: int
    log_position: int
    tables: Sequence[BatchTable]
    inputs: Mapping[str, Any] | None = None


def publish(view: BatchView, *, now: datetime, store: OfflineStore | None = None) -> BatchVersion | None:
    """Compute the version that is due and publish it; None if none is due or it has no values.

    The file is written and Redis loaded before the log entry, so that a failure changes nothing. Raises
    PublishingUnderWay, OfflineStoreOfAnotherLog.
    """
    if not is_due(view, now=now):
        return None
    with _sole_publisher():
        began = time.perf_counter()
        computed = _compute(view, now, store)
        if computed.inputs is None and not any(table.keys for table in computed.tables):
            return None
        number = _last_number(view) + 1
        write_tables(view, number, computed.tables, store or OfflineStore())
        online.load(view, number, computed.tables)
        version = _append(computed, number, seconds=time.perf_counter() - began, now=now)
        remove_unread(view, now=version.published_at)
        return version


def remove_unread(view: BatchView, *, now: datetime) -> list[int]:
    """Remove versions from Redis that no event reads anymore; returns their numbers."""
    read = [version.number for version in _read_since(view, _oldest_read(view, now=now))]
    unread = sorted(online.loaded_numbers(view) - set(read))
    for number in unread:
        online.remove(view, number)
    return unread


def reload_lost(view: BatchView, *, now: datetime, store: OfflineStore | None = None) -> list[int]:
    """Reload versions that events read and Redis has lost from their files; returns their numbers.

    Raises BatchVersionCorrupt.
    """
    if not _lost(view, _read_since(view, now - KEPT_FOR)):
        return []
    lost = _lost(view, _read_since(view, _oldest_read(view, now=now)))
    for version in lost:
        online.load(view, version.number, read_tables(view, version, store))
    return [version.number for version in lost]


def _oldest_read(view: BatchView, *, now: datetime) -> datetime:
    """The receipt time of the oldest undecided event; each event reads the version valid at its receipt."""
    lane = event_type(view.event_type).lane
    waiting = Pending.objects.filter(lane=lane, state=Pending.State.READY)
    oldest = waiting.aggregate(oldest=Min("enqueued_at"))["oldest"]
    return min(oldest or now, now - KEPT_FOR)


def _read_since(view: BatchView, since: datetime) -> list[BatchVersion]:
    """The versions read by events received since then, newest first."""
    versions = BatchVersion.objects.filter(view=view.key).order_by("-number")
    return [*versions.filter(valid_from__gt=since), *versions.filter(valid_from__lte=since)[:1]]


def _lost(view: BatchView, versions: Sequence[BatchVersion]) -> list[BatchVersion]:
    """The versions that this code reads and Redis does not have."""
    read = [version for version in versions if version.definition == view.definition_hash]
    lost = online.missing_numbers(view, [version.number for version in read])
    return [version for version in read if version.number in lost]


def _compute(view: BatchView, now: datetime, store: OfflineStore | None) -> _Computed:
    position = last_position()
    if isinstance(view, Risk):
        risks = compute_risks(view, previous=newest_version(view), now=now, store=store)
        return _Computed(view, to_micros(now), position, [risks.table], risks.inputs)
    as_of_us = due_at(view, to_micros(now))
    since_us = as_of_us - view.over_us
    events = read_events(view, since_us=since_us, until_us=as_of_us, log_position=position, store=store)
    return _Computed(view, as_of_us, position, view.compute(events, as_of_us=as_of_us))


def _append(computed: _Computed, number: int, *, seconds: float, now: datetime) -> BatchVersion:
    view, tables = computed.view, computed.tables
    published_at = now + timedelta(seconds=seconds)
    entry = NewEntry(
        stream=f"batch/{view.key}",
        expected_version=number - 1,
        type="batch.published",
        data={
            "view": view.key,
            "number": number,
            "definition": view.definition_hash,
            "as_of": to_iso(from_micros(computed.as_of_us)),
            "log_position": computed.log_position,
            "valid_from": to_iso(published_at + VALID_AFTER),
            "digest": digest_of(view, tables),
            "rows": {spec.field: len(table.keys) for spec, table in zip(view.tables, tables, strict=True)},
            "seconds": round(seconds, 3),
            **({"inputs": computed.inputs} if computed.inputs else {}),
        },
    )
    written = append([entry], now=published_at)[0]
    return BatchVersion.objects.get(pk=written.position)


def _last_number(view: BatchView) -> int:
    newest = BatchVersion.objects.filter(view=view.key).order_by("-number").first()
    return newest.number if newest else 0


@contextmanager
def _sole_publisher() -> Iterator[None]:
    """Concurrent runs would compute the same version twice. Raises PublishingUnderWay."""
    with session_lock(LockSpace.BATCH_VIEWS) as held:
        if not held:
            raise PublishingUnderWay
        yield
