"""Entries as the product writes them, and a second writer that a test can pause in a transaction."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import orjson
import pytest
from django.db import connection, transaction

from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry, canonical_json
from scoring.log.errors import StreamConflict
from tests.waiting import TIMEOUT_SECONDS

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

Result = TypeVar("Result")


def received(
    external_id: str, *, history: bool = False, type: str = "payment", source: str = "shop", **fields: Any
) -> NewEntry:
    return NewEntry(
        stream=f"{type}/{source}/{external_id}",
        expected_version=0,
        type="event.received",
        data={
            "type": type,
            "source": source,
            "id": external_id,
            "occurred_at": NOW - timedelta(minutes=1),
            "history": history,
            "fields": {"card": "c-1", "amount": {"minor": 1234, "currency": "USD"}, **fields},
        },
    )


def decided(event: Entry, *, revision: int = 0, seq: int | None = 1, **data: Any) -> NewEntry:
    return NewEntry(
        stream=event.stream,
        expected_version=event.stream_version + revision,
        type="decision.revised" if revision else "decision.made",
        data={
            "event_position": event.position,
            "event_type": event.data["type"],
            "revision": revision,
            "lane": "commerce",
            "seq": seq,
            "outcome": "allow",
            "basis": "model",
            "cause": "",
            "model": "payment-1",
            "score": 0.25,
            "reasons": [],
            "thresholds": None,
            "route": None,
            "arm": "champion",
            "role": "champion",
            "experiment": "",
            "unit": "",
            "stake": 1234,
            "received_at": event.recorded_at,
            "decided_at": event.recorded_at + timedelta(milliseconds=8),
            **data,
        },
        packed=np.linspace(0, 1, 9).tobytes(),
    )


def labeled(event_stream: str, *, version: int = 1, history: bool = False, **data: Any) -> NewEntry:
    return NewEntry(
        stream=f"label/{event_stream}",
        expected_version=version - 1,
        type="label.recorded",
        data={
            "event": event_stream,
            "value": "fraud",
            "source": "chargeback",
            "known_at": NOW,
            "previous": None,
            "effective": "fraud",
            "said": {"chargeback": "fraud"},
            "history": history,
            **data,
        },
    )


def sequenced(positions: Sequence[int], *, lane: str = "commerce", version: int = 1) -> NewEntry:
    return NewEntry(
        stream=f"lane/{lane}",
        expected_version=version - 1,
        type="lane.sequenced",
        data={"first_seq": 1, "count": len(positions), "clock_us": 0},
        packed=np.asarray(positions, dtype="<i8").tobytes(),
    )


def route_changed(version: int, **data: Any) -> NewEntry:
    return NewEntry(
        stream="route/payment",
        expected_version=version - 1,
        type="route.changed",
        data={
            "event_type": "payment",
            "salt": "s",
            "unit": "customer",
            "arms": [{"name": "champion", "model": f"payment-{version}", "role": "champion", "share": 1.0}],
            "experiment": "",
            "reason": "promoted",
            **data,
        },
    )


def model_trained(number: int) -> NewEntry:
    return NewEntry(
        stream=f"model/payment-{number}",
        expected_version=0,
        type="model.trained",
        data={
            "name": f"payment-{number}",
            "event_type": "payment",
            "number": number,
            "artefact": "a" * 64,
            "feature_set": "f" * 64,
            "trained_at": NOW,
            "as_of": NOW - timedelta(days=1),
            "parameters": {"trees": 200, "depth": 6},
            "metrics": {"average_precision": 0.5},
            "lineage": {"parent": None},
        },
    )


def as_read(new: NewEntry, *, position: int = 7) -> Entry:
    """`new` as read from the log, without a database."""
    return Entry(
        position=position,
        epoch=1,
        txid=100,
        stream=new.stream,
        stream_version=new.stream_version,
        type=new.type,
        schema_version=1,
        data=orjson.loads(canonical_json(new.data)),
        packed=new.packed,
        metadata={},
        recorded_at=NOW,
    )


@contextmanager
def open_append(entries: Sequence[NewEntry]) -> Iterator[list[Entry]]:
    """Append entries through another connection, whose transaction stays open until the block ends."""
    with open_transaction(lambda: append(entries, now=NOW)) as written:
        yield written


@contextmanager
def open_transaction(work: Callable[[], Result]) -> Iterator[Result]:
    """Run `work` in another connection, with a transaction open until the block ends. Yields its result."""
    given: list[Result] = []
    failure: list[BaseException] = []
    done, release = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                given.append(work())
                done.set()
                if not release.wait(TIMEOUT_SECONDS):
                    raise TimeoutError("the block did not end while this transaction was open")
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            failure.append(error)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        if not done.wait(TIMEOUT_SECONDS):
            raise TimeoutError("the other transaction did not finish its work")
        if failure:
            raise failure[0]
        yield given[0]
    finally:
        release.set()
        thread.join(TIMEOUT_SECONDS)
    if failure:
        raise failure[0]


def inject_conflicts(monkeypatch: pytest.MonkeyPatch, module: str, *, count: int) -> None:
    """Make the first `count` appends of `module` fail with a StreamConflict."""
    meanwhile = iter(range(count))

    def append_or_conflict(entries: Sequence[NewEntry], *, now: datetime) -> list[Entry]:
        if next(meanwhile, None) is not None:
            raise StreamConflict(entries[0].stream, entries[0].expected_version)
        return append(entries, now=now)

    monkeypatch.setattr(f"{module}.append", append_or_conflict)
