"""Consumers: effect and cursor together, one process at a time, a poison entry stops and is reported."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from monitoring.models import HourlyWindow
from monitoring.windows.hourly import WINDOWS
from scoring.log.append import append
from scoring.log.consumers import registry as consumers
from scoring.log.consumers import runs
from scoring.log.consumers.cursors import lock_cursors
from scoring.log.consumers.registry import Consumer, Handle, catch_up, run_consumer
from scoring.log.consumers.runs import run_consumers
from scoring.log.consumers.status import consumer_health, consumer_statuses
from scoring.log.entries import Entry
from scoring.log.errors import ConsumerStopped
from scoring.log.models import ConsumerCursor, VaultItem
from scoring.log.read import LogPage, read_page
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.log.tasks import run_consumers as run_consumers_task
from scoring.sql.advisory_locks import LockSpace, session_lock
from tests.factories.log import NOW, decided, labeled, received
from tests.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


class Recorder:
    """A handler that writes one row per entry, into a table with a unique key, and may fail at one id."""

    def __init__(self, *, poison: str = "") -> None:
        self.poison = poison
        self.batches: list[int] = []

    def __call__(self, entries: Sequence[Entry], *, now: datetime) -> None:
        self.batches.append(len(entries))
        for entry in entries:
            VaultItem.objects.create(digest=str(entry.position), kind="handled", value=entry.data["id"])
            if entry.data["id"] == self.poison:
                raise ValueError(f"cannot handle {self.poison}")

    @property
    def handled(self) -> list[str]:
        rows = VaultItem.objects.filter(kind="handled")
        return [row.value for row in sorted(rows, key=lambda row: int(row.digest))]


def keep_in(kept: list[Entry]) -> Handle:
    def handle(entries: Sequence[Entry], *, now: datetime) -> None:
        kept.extend(entries)

    return handle


def consumer_of(recorder: Recorder) -> Consumer:
    return Consumer(name="test", types=frozenset({"event.received"}), handle=recorder)


@pytest.fixture
def only_registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Consumer]]:
    consumers.registered_consumers()  # imports the apps' consumers, which register only once
    known: dict[str, Consumer] = {}
    monkeypatch.setattr(consumers, "_consumers", known)
    return known


def test_every_entry_is_handled_once_across_runs() -> None:
    recorder = Recorder()
    consumer = consumer_of(recorder)

    append([received(f"T-{i}") for i in range(5)], now=NOW)
    append([labeled("payment/shop/T-1")], now=NOW)
    assert run_consumer(consumer, now=NOW, limit=3) == (3, False, False)
    assert run_consumer(consumer, now=NOW, limit=3) == (2, True, False)
    assert run_consumer(consumer, now=NOW, limit=3) == (0, True, False)
    append([received("T-5")], now=NOW)
    assert catch_up(consumer, now=NOW) == 1

    assert recorder.handled == [f"T-{i}" for i in range(6)]


def test_a_run_that_fails_leaves_neither_effect_nor_cursor() -> None:
    recorder = Recorder(poison="T-0")
    append([received("T-0")], now=NOW)

    with pytest.raises(ConsumerStopped):
        run_consumer(consumer_of(recorder), now=NOW)

    assert recorder.handled == []
    cursor = ConsumerCursor.objects.get(name="test")
    assert (cursor.epoch, cursor.txid, cursor.position) == (0, 0, 0)


def test_a_poison_entry_stops_the_consumer_right_before_it_and_shows_its_error() -> None:
    recorder = Recorder(poison="T-6")
    consumer = consumer_of(recorder)
    entries = append([received(f"T-{i}") for i in range(10)], now=NOW)

    with pytest.raises(ConsumerStopped) as stopped:
        catch_up(consumer, now=NOW)
    with pytest.raises(ConsumerStopped):
        catch_up(consumer, now=NOW)

    assert recorder.handled == [f"T-{i}" for i in range(6)]  # all before it, none after it
    assert stopped.value.position == entries[6].position
    cursor = ConsumerCursor.objects.get(name="test")
    assert (cursor.failed_position, cursor.error) == (entries[6].position, "ValueError: cannot handle T-6")
    assert cursor.failed_at == NOW
    assert recorder.batches[-1] == 1  # tried again alone


def test_a_stopped_consumer_retries_the_bad_entry_alone() -> None:
    recorder = Recorder(poison="T-0")
    consumer = consumer_of(recorder)
    append([received(f"T-{i}") for i in range(10)], now=NOW)
    with pytest.raises(ConsumerStopped):
        run_consumer(consumer, now=NOW)
    assert recorder.batches[0] == 10

    recorder.batches.clear()
    with pytest.raises(ConsumerStopped):
        run_consumer(consumer, now=NOW)
    assert recorder.batches == [1]


def test_a_fixed_consumer_continues_where_it_stopped() -> None:
    recorder = Recorder(poison="T-1")
    consumer = consumer_of(recorder)
    append([received(f"T-{i}") for i in range(4)], now=NOW)
    with pytest.raises(ConsumerStopped):
        catch_up(consumer, now=NOW)

    recorder.poison = ""
    catch_up(consumer, now=NOW)

    assert recorder.handled == ["T-0", "T-1", "T-2", "T-3"]
    assert ConsumerCursor.objects.get(name="test").error == ""


def test_an_entry_that_cannot_be_read_stops_the_consumer_too() -> None:
    recorder = Recorder()
    append([received("T-0")], now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scoring_logentry"
            " (epoch, stream, stream_version, type, schema_version, data, metadata, recorded_at)"
            " VALUES (1, 'payment/shop/T-1', 1, 'event.received', 99, '{}', '{}', now())"
        )
    append([received("T-2")], now=NOW)

    with pytest.raises(ConsumerStopped, match="schema version 99"):
        catch_up(consumer_of(recorder), now=NOW)

    assert recorder.handled == ["T-0"]


def test_a_consumer_runs_in_one_process_at_a_time() -> None:
    append([received("T-0")], now=NOW)
    inside, release = threading.Event(), threading.Event()

    def handle(entries: Sequence[Entry], *, now: datetime) -> None:
        inside.set()
        release.wait(TIMEOUT_SECONDS)

    slow = Consumer(name="test", types=frozenset({"event.received"}), handle=handle)
    outcome = []

    def run() -> None:
        outcome.append(run_consumer(slow, now=NOW))
        connection.close()

    append_first_cursor(slow)
    thread = threading.Thread(target=run)
    thread.start()
    assert inside.wait(TIMEOUT_SECONDS)
    second = run_consumer(slow, now=NOW)
    release.set()
    thread.join()

    assert second.busy
    assert [(progress.handled, progress.busy) for progress in outcome] == [(1, False)]


def append_first_cursor(consumer: Consumer) -> None:
    """The row exists after the first run; before, a second process would wait for the first."""
    ConsumerCursor.objects.create(name=consumer.name)


def test_one_stopped_consumer_does_not_stop_the_others(only_registered: dict[str, Consumer]) -> None:
    good: list[Entry] = []
    consumers.register(consumer_of(Recorder(poison="T-0")))
    consumers.register(Consumer("well", frozenset({"event.received"}), keep_in(good)))
    append([received("T-0")], now=NOW)

    assert run_consumers(now=NOW) == {"test": "ValueError: cannot handle T-0"}
    assert len(good) == 1
    assert [(status.name, status.lag, status.error) for status in consumer_statuses()] == [
        ("test", 1, "ValueError: cannot handle T-0"),
        ("well", 0, ""),
    ]


def test_consumers_read_shared_pages_once(
    only_registered: dict[str, Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []

    def count(*given: Any, **named: Any) -> LogPage:
        page = read_page(*given, **named)
        pages.append(len(page.entries))
        return page

    monkeypatch.setattr(runs, "read_page", count)
    monkeypatch.setattr(consumers, "MAX_ENTRIES_PER_RUN", 4)
    events: list[Entry] = []
    labels: list[Entry] = []
    both: list[Entry] = []
    consumers.register(Consumer("events", frozenset({"event.received"}), keep_in(events)))
    consumers.register(Consumer("labels", frozenset({"label.recorded"}), keep_in(labels)))
    ahead = consumers.register(
        Consumer("ahead", frozenset({"event.received", "label.recorded"}), keep_in(both))
    )
    written = append([received(f"T-{i}") for i in range(5)], now=NOW)
    catch_up(ahead, now=NOW)
    written += append([labeled("payment/shop/T-1"), labeled("payment/shop/T-2")], now=NOW)
    written += append([received(f"T-{i}") for i in range(5, 9)], now=NOW)

    assert run_consumers(now=NOW) == {}

    assert both == written
    assert events == [entry for entry in written if entry.type == "event.received"]
    assert labels == [entry for entry in written if entry.type == "label.recorded"]
    assert sum(pages) < 2 * len(written)  # `ahead` starts at another cursor; the other two share every page
    pages.clear()
    run_consumers(now=NOW)
    assert pages == [0]  # all are at the same cursor now
    assert both == written


def test_a_run_without_new_entries_takes_a_few_queries_for_all_consumers(
    only_registered: dict[str, Consumer],
    django_assert_max_num_queries: Callable[[int], CaptureQueriesContext],
) -> None:
    for number in range(9):
        consumers.register(Consumer(f"c-{number}", frozenset({"event.received"}), keep_in([])))
    append([received("T-0")], now=NOW)
    run_consumers(now=NOW)

    with django_assert_max_num_queries(7):
        run_consumers(now=NOW + HOUR)

    assert {health.ran_at for health in consumer_health(max_lag=5)} == {NOW + HOUR}


def test_effects_that_cannot_be_undone_are_committed_separately_and_to_disk(
    only_registered: dict[str, Consumer],
) -> None:
    seen: dict[str, tuple[str, str]] = {}

    def look(name: str) -> Handle:
        def handle(entries: Sequence[Entry], *, now: datetime) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()::text, current_setting('synchronous_commit')")
                seen[name] = cursor.fetchone()

        return handle

    types = frozenset({"event.received"})
    for name, reset in {"a": list, "b": None, "c": list, "d": None}.items():
        consumers.register(Consumer(name, types, look(name), reset))
    append([received("T-0")], now=NOW)

    run_consumers(now=NOW)

    assert [said[1] for _, said in sorted(seen.items())] == ["off", "on", "off", "on"]
    assert seen["a"] == seen["c"]
    assert len({number for number, _ in seen.values()}) == 3


def test_a_consumer_that_another_process_runs_is_skipped(only_registered: dict[str, Consumer]) -> None:
    theirs, ours = keep_nothing("theirs"), Recorder()
    consumers.register(theirs)
    consumers.register(consumer_of(ours))
    append([received("T-0")], now=NOW)
    append_first_cursor(theirs)
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lock_cursors([theirs.name])
            held.set()
            release.wait(TIMEOUT_SECONDS)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(TIMEOUT_SECONDS)
    assert run_consumers(now=NOW) == {}
    release.set()
    thread.join()

    assert ours.handled == ["T-0"]
    assert ConsumerCursor.objects.get(name="theirs").position == 0
    run_consumers(now=NOW)
    assert {status.lag for status in consumer_statuses()} == {0}


def test_a_rebuild_of_tables_blocks_consumers(only_registered: dict[str, Consumer]) -> None:
    recorder = Recorder()
    append_first_cursor(consumers.register(consumer_of(recorder)))
    append([received("T-0")], now=NOW)
    handled_meanwhile: list[list[str]] = []

    def run() -> None:
        run_consumers(now=NOW)
        handled_meanwhile.append(recorder.handled)
        connection.close()

    def run_elsewhere(passed: int) -> None:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(TIMEOUT_SECONDS)

    rebuild_projections([find_projection("event")], advance=run_elsewhere)
    assert handled_meanwhile
    assert not any(handled_meanwhile)

    run_consumers(now=NOW)
    assert recorder.handled == ["T-0"]


def keep_nothing(name: str) -> Consumer:
    return Consumer(name, frozenset({"event.received"}), keep_in([]))


def test_an_unreadable_entry_stops_only_the_consumers_of_its_type(
    only_registered: dict[str, Consumer],
) -> None:
    labels: list[Entry] = []
    consumers.register(consumer_of(Recorder()))
    consumers.register(Consumer("labels", frozenset({"label.recorded"}), keep_in(labels)))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scoring_logentry"
            " (epoch, stream, stream_version, type, schema_version, data, metadata, recorded_at)"
            " VALUES (1, 'payment/shop/T-1', 1, 'event.received', 99, '{}', '{}', now())"
        )
    append([labeled("payment/shop/T-1")], now=NOW)

    stopped = run_consumers(now=NOW)

    assert list(stopped) == ["test"]
    assert [entry.type for entry in labels] == ["label.recorded"]


def test_a_database_outage_in_one_consumer_stops_no_other_and_is_raised(
    only_registered: dict[str, Consumer],
) -> None:
    def time_out(entries: Sequence[Entry], *, now: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")

    well: list[Entry] = []
    types = frozenset({"event.received"})
    consumers.register(Consumer("slow", types, time_out, reset=lambda: None))
    consumers.register(Consumer("well", types, keep_in(well), reset=lambda: None))
    written = append([received("T-0")], now=NOW)

    with pytest.raises(OperationalError, match="statement timeout"):
        run_consumers(now=NOW)

    assert well[-1:] == written
    assert [(status.name, status.lag) for status in consumer_statuses()] == [("slow", 1), ("well", 0)]


def test_health_counts_only_the_next_entries(only_registered: dict[str, Consumer]) -> None:
    consumers.register(consumer_of(Recorder(poison="T-3")))
    consumers.register(Consumer("labels", frozenset({"label.recorded"}), keep_in([])))
    append([received(f"T-{i}") for i in range(9)], now=NOW)
    assert [(health.name, health.lag, health.ran_at) for health in consumer_health(max_lag=5)] == [
        ("labels", 0, None),
        ("test", 5, None),
    ]

    run_consumers(now=NOW)

    labels, stopped = consumer_health(max_lag=100)
    assert (labels.lag, labels.error, labels.ran_at) == (0, "", NOW)
    assert (stopped.lag, stopped.error) == (6, "ValueError: cannot handle T-3")
    assert stopped.failed_position is not None


def test_two_consumers_cannot_share_a_name(only_registered: dict[str, Consumer]) -> None:
    consumers.register(consumer_of(Recorder()))
    with pytest.raises(ValueError, match="two consumers"):
        consumers.register(consumer_of(Recorder()))


def test_hourly_windows_count_the_entries_of_the_log() -> None:
    events = append([received("T-0"), received("T-1"), received("T-2")], now=NOW)
    append(
        [
            decided(events[0]),
            decided(events[1], outcome="block", basis="fallback"),
            labeled(events[0].stream),
        ],
        now=NOW,
    )
    append([decided(events[1], revision=1, outcome="allow")], now=NOW)

    assert run_consumers_task() == {}
    assert run_consumers_task() == {}

    window = HourlyWindow.objects.get()
    assert (window.event_type, window.start) == ("payment", NOW.replace(minute=0))
    assert (window.received, window.labels, window.parked, window.revised) == (3, 1, 0, 1)
    assert (window.decided_allow, window.decided_review, window.decided_block) == (1, 0, 1)
    assert (window.fallbacks, window.latency_us_sum, window.latency_us_max) == (1, 16_000, 8_000)


def test_a_consumer_is_rebuilt_to_the_same_rows(capsys: pytest.CaptureFixture[str]) -> None:
    events = append([received(f"T-{i}", type=("payment", "refund")[i % 2]) for i in range(30)], now=NOW)
    append([decided(event) for event in events], now=NOW)
    run_consumers_task()
    before = _windows()
    assert len(before) == 2
    HourlyWindow.objects.update(received=999)
    HourlyWindow.objects.filter(event_type="refund").delete()

    call_command("rebuild", projection=["monitoring.windows"], verbosity=0)

    assert _windows() == before
    assert "rebuilt: monitoring.windows" in capsys.readouterr().out


def _windows() -> list[dict[str, object]]:
    rows = HourlyWindow.objects.order_by("event_type", "start").values()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def test_log_status_shows_lags_and_fails_when_a_consumer_stopped(
    capsys: pytest.CaptureFixture[str], only_registered: dict[str, Consumer]
) -> None:
    consumers.register(WINDOWS)
    append([received("T-0")], now=NOW)
    call_command("log_status")
    assert "consumer monitoring.windows: 1 entries behind" in capsys.readouterr().out

    consumers.register(consumer_of(Recorder(poison="T-0")))
    run_consumers(now=NOW)
    with pytest.raises(SystemExit):
        call_command("log_status")
    shown = capsys.readouterr().out
    assert "consumer monitoring.windows: 0 entries behind" in shown
    assert "STOPPED before position" in shown
    assert "cannot handle T-0" in shown


def test_begin_epoch_is_refused_if_none_is_needed() -> None:
    append([received("T-0")], now=NOW)
    with pytest.raises(CommandError, match="--force"):
        call_command("begin_epoch")


def test_a_remote_consumer_waits_for_its_server_outside_of_transactions_and_runs_by_itself(
    only_registered: dict[str, Consumer],
) -> None:
    seen: list[tuple[bool, int]] = []

    def handle(entries: Sequence[Entry], *, now: datetime) -> None:
        seen.append((connection.in_atomic_block, len(entries)))

    consumer = Consumer(name="remote", types=frozenset({"event.received"}), handle=handle, remote=True)
    only_registered[consumer.name] = consumer
    append([received("T-1"), received("T-2")], now=NOW)
    assert run_consumers(now=NOW) == {}
    assert seen == []
    assert catch_up(consumer, now=NOW) == 2
    assert seen == [(False, 1), (False, 1)]
    assert [status.lag for status in consumer_statuses()] == [0]


def test_a_remote_consumer_stops_at_the_entry_that_its_server_refuses_and_tries_it_again() -> None:
    recorder = Recorder(poison="T-2")
    consumer = Consumer(name="test", types=frozenset({"event.received"}), handle=recorder, remote=True)
    entries = append([received(f"T-{i}") for i in range(1, 4)], now=NOW)
    for _ in range(2):
        with pytest.raises(ConsumerStopped) as stopped:
            catch_up(consumer, now=NOW)
        assert stopped.value.position == entries[1].position
        VaultItem.objects.filter(value="T-2").delete()  # nothing is rolled back
    recorder.poison = ""
    assert catch_up(consumer, now=NOW) == 2
    assert recorder.handled == ["T-1", "T-2", "T-3"]
    assert not ConsumerCursor.objects.get(name="test").error


def test_one_process_at_a_time_runs_a_remote_consumer() -> None:
    recorder = Recorder()
    consumer = Consumer(name="test", types=frozenset({"event.received"}), handle=recorder, remote=True)
    append([received("T-1")], now=NOW)
    other = connection.copy()
    with closing(other), session_lock(LockSpace.REMOTE_CONSUMER, "test", connection=other):
        assert run_consumer(consumer, now=NOW).busy
    assert recorder.batches == []
    assert run_consumer(consumer, now=NOW).handled == 1
