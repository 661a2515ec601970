"""Concurrent consumers: a rebuild and a run, two processes at one page, a bad entry and those after it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from scoring.log.append import append
from scoring.log.consumers import registry as consumers
from scoring.log.consumers import runs
from scoring.log.consumers.cursors import create_cursors
from scoring.log.consumers.registry import Consumer, catch_up, rebuild_consumer, run_consumer
from scoring.log.consumers.runs import run_consumers
from scoring.log.entries import START, Entry
from scoring.log.errors import ConsumerStopped
from scoring.log.models import ConsumerCursor, VaultItem
from scoring.log.read import LogPage, read_horizon, read_page
from tests.factories.log import NOW, labeled, open_append, received
from tests.waiting import TIMEOUT_SECONDS, wait_for_blocked_session

pytestmark = pytest.mark.django_db(transaction=True)


class Notes:
    """An effect in a table: a row for each entry, in a transaction with the cursor. May fail at one id."""

    def __init__(self, *, poison: str = "") -> None:
        self.poison = poison
        self.batches: list[list[str]] = []

    def __call__(self, entries: Sequence[Entry], *, now: datetime) -> None:
        ids = [str(entry.data.get("id", entry.type)) for entry in entries]
        self.batches.append(ids)
        for entry, name in zip(entries, ids, strict=True):
            VaultItem.objects.create(digest=str(entry.position), kind="noted", value=name)
        if self.poison in ids:
            raise ValueError(f"cannot handle {self.poison}")

    def forget(self) -> None:
        VaultItem.objects.filter(kind="noted").delete()

    @property
    def noted(self) -> list[str]:
        rows = VaultItem.objects.filter(kind="noted")
        return [row.value for row in sorted(rows, key=lambda row: int(row.digest))]

    def consumer(self, name: str = "notes") -> Consumer:
        return Consumer(name, frozenset({"event.received"}), self, reset=self.forget)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Consumer]:
    consumers.registered_consumers()  # imports the apps' consumers, which register only once
    known: dict[str, Consumer] = {}
    monkeypatch.setattr(consumers, "_consumers", known)
    return known


def receive(*ids: str) -> list[Entry]:
    return append([received(name) for name in ids], now=NOW)


def test_a_stopped_consumer_retries_the_bad_entry_without_those_after_it() -> None:
    notes = Notes(poison="T-1")
    receive("T-0", "T-1", "T-2", "T-3")
    with pytest.raises(ConsumerStopped):
        catch_up(notes.consumer(), now=NOW)
    notes.batches.clear()

    with pytest.raises(ConsumerStopped):
        catch_up(notes.consumer(), now=NOW)

    assert notes.batches == [["T-1"]]


def test_a_fixed_consumer_handles_the_bad_entry_alone_and_then_the_rest() -> None:
    notes = Notes(poison="T-1")
    receive("T-0", "T-1", "T-2", "T-3")
    with pytest.raises(ConsumerStopped):
        catch_up(notes.consumer(), now=NOW)
    notes.batches.clear()
    notes.poison = ""

    catch_up(notes.consumer(), now=NOW)

    assert notes.batches == [["T-1"], ["T-2", "T-3"]]
    assert notes.noted == ["T-0", "T-1", "T-2", "T-3"]


def test_a_failing_page_is_halved_down_to_the_bad_entry() -> None:
    notes = Notes(poison="T-5")
    receive(*(f"T-{number}" for number in range(8)))

    with pytest.raises(ConsumerStopped):
        catch_up(notes.consumer(), now=NOW)

    assert [len(batch) for batch in notes.batches] == [8, 4, 4, 2, 1, 3, 1]
    assert notes.noted == [f"T-{number}" for number in range(5)]


@contextmanager
def running(consumer: Consumer, *, until: threading.Event) -> Iterator[None]:
    """A run of `consumer` in progress on another connection."""
    inside, handle = threading.Event(), consumer.handle

    def handle_slowly(entries: Sequence[Entry], *, now: datetime) -> None:
        inside.set()
        until.wait(TIMEOUT_SECONDS)
        handle(entries, now=now)

    def run() -> None:
        run_consumer(Consumer(consumer.name, consumer.types, handle_slowly), now=NOW)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert inside.wait(TIMEOUT_SECONDS)
        yield
    finally:
        until.set()
        thread.join(TIMEOUT_SECONDS)


def test_a_rebuild_waits_for_the_current_run_and_counts_nothing_twice() -> None:
    notes, release = Notes(), threading.Event()
    receive("T-0", "T-1")
    create_cursors(["notes"], now=NOW)

    def release_the_run_once_the_rebuild_waits() -> None:
        wait_for_blocked_session()
        release.set()
        connection.close()

    helper = threading.Thread(target=release_the_run_once_the_rebuild_waits)
    with running(notes.consumer(), until=release):
        helper.start()
        assert rebuild_consumer(notes.consumer(), now=NOW) == 2
    helper.join()

    assert notes.noted == ["T-0", "T-1"]


def test_a_failed_rebuild_leaves_the_effect_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes()
    receive("T-0", "T-1")
    catch_up(notes.consumer(), now=NOW)
    monkeypatch.setattr(consumers, "move_cursors", lambda *given, **named: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        rebuild_consumer(notes.consumer(), now=NOW)

    assert notes.noted == ["T-0", "T-1"]


def before_the_page_is_handled(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Any]) -> None:
    """Call `meanwhile` between the reading of a page and its handling."""

    def read_and_be_interrupted(*given: Any, **named: Any) -> LogPage:
        page = read_page(*given, **named)
        monkeypatch.setattr(runs, "read_page", read_page)
        meanwhile()
        return page

    monkeypatch.setattr(runs, "read_page", read_and_be_interrupted)


def test_a_page_that_another_process_handled_meanwhile_is_not_handled_again(
    registered: dict[str, Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes()
    consumer = consumers.register(notes.consumer())
    receive("T-0", "T-1")
    before_the_page_is_handled(monkeypatch, lambda: [receive("T-2"), catch_up(consumer, now=NOW)])

    assert run_consumers(now=NOW) == {}

    assert notes.batches == [["T-0", "T-1", "T-2"]]
    receive("T-3")
    run_consumers(now=NOW)
    assert notes.noted == ["T-0", "T-1", "T-2", "T-3"]


def test_a_consumer_that_stopped_meanwhile_is_not_moved_past_its_bad_entry(
    registered: dict[str, Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes()
    consumer = consumers.register(notes.consumer())
    receive("T-0", "T-1")

    def stop() -> None:
        notes.poison = "T-0"
        with pytest.raises(ConsumerStopped):
            catch_up(consumer, now=NOW)
        notes.poison = ""

    before_the_page_is_handled(monkeypatch, stop)
    run_consumers(now=NOW)

    assert ConsumerCursor.objects.get(name="notes").error == "ValueError: cannot handle T-0"
    assert notes.noted == []
    notes.batches.clear()
    run_consumers(now=NOW)
    assert notes.batches == [["T-0"], ["T-1"]]


def test_entries_that_one_consumer_cannot_handle_are_handled_once_by_the_others(
    registered: dict[str, Consumer],
) -> None:
    ill, well = Notes(poison="T-1"), Notes()
    consumers.register(ill.consumer("ill"))
    consumers.register(Consumer("well", frozenset({"label.recorded"}), well, reset=well.forget))
    receive("T-0", "T-1")
    append([labeled("payment/shop/T-0")], now=NOW)

    assert list(run_consumers(now=NOW)) == ["ill"]
    assert list(run_consumers(now=NOW)) == ["ill"]

    assert sorted(VaultItem.objects.values_list("value", flat=True)) == ["T-0", "label.recorded"]


def test_a_page_ends_below_its_horizon_even_if_more_was_committed_since() -> None:
    with open_append([received("held")]) as [held]:
        horizon = read_horizon()

    assert read_page(START, horizon=horizon).entries == []
    assert read_page(read_page(START, horizon=horizon).cursor).entries == [held]


def test_a_cursor_ahead_of_a_horizon_does_not_move_back() -> None:
    horizon = read_horizon()
    [entry] = receive("T-0")

    assert read_page(entry.cursor, horizon=horizon).cursor == entry.cursor
