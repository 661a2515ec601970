"""A version is computed, stored, loaded and said; whatever fails on the way changes nothing."""

import os
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from scoring.batch import publishing, tasks
from scoring.batch.errors import BatchVersionCorrupt, PublishingUnderWay
from scoring.batch.models import BatchVersion
from scoring.batch.publishing import publish, remove_unread
from scoring.batch.reading import read_timely_events
from scoring.batch.serve import online
from scoring.batch.status import list_views, newest_version
from scoring.batch.stored import read_tables, write_tables
from scoring.lanes.models import Pending
from scoring.log.append import append
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.offline.export import export_log
from scoring.offline.store import OfflineStore
from scoring.signals import redis_connections as connections
from scoring.sql.advisory_locks import LockSpace, session_lock
from scoring.timestamps import from_micros, to_iso, to_micros
from tests.factories.log import received
from tests.factories.views import DAY, HOUR, MONDAY, Order, OrderPlaced, values_of, view_events

pytestmark = pytest.mark.django_db(transaction=True)

TUESDAY = from_micros(MONDAY + DAY)
MORNING = TUESDAY + timedelta(hours=7)


def buy(*orders: OrderPlaced, at: datetime = MORNING, history: bool = True) -> None:
    """These orders come into the log."""
    number = len(received_positions())
    entries = []
    for order in orders:
        fields = {name: getattr(order, name) for name in ("customer", "merchant", "category")}
        fields = {name: value for name, value in fields.items() if value is not None}
        if not np.isnan(order.amount):
            fields["amount"] = {"minor": int(order.amount), "currency": "USD"}
        entry = received(f"{number + len(entries)}", type="order", history=history)
        entry.data.update(occurred_at=to_iso(from_micros(order.at_us)), fields=fields)
        entries.append(entry)
    append(entries, now=at)


def received_positions() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM scoring_logentry WHERE type = 'event.received'")
        return [row[0] for row in cursor.fetchall()]


def some_orders(count: int = 30) -> list[OrderPlaced]:
    return [
        OrderPlaced(
            MONDAY + n * HOUR // 2, f"c{n % 6}", f"m{n % 4}", ("food", "fun")[n % 2], 100.0 * (n % 7 + 1)
        )
        for n in range(count)
    ]


def file_of(store: OfflineStore, version: BatchVersion) -> Path:
    return Path(store.url) / "batch" / version.view / f"{version.number:08d}.parquet"


def test_a_version_says_what_stood_in_the_log_before_its_moment(store):
    orders = [*some_orders(), OrderPlaced(MONDAY + DAY, "c0"), OrderPlaced(MONDAY + DAY + HOUR, "late")]
    buy(*orders)
    version = publish(Order.habits, now=MORNING)
    assert (version.number, version.as_of, version.rows) == (1, TUESDAY, {"customer": 6})
    assert version.valid_from == version.published_at + timedelta(seconds=30) > MORNING
    (table,) = read_tables(Order.habits, version)
    expected = values_of(Order.habits, view_events(orders), {"customer": "c3"}, as_of_us=MONDAY + DAY)
    assert table.matrix[table.keys.index("c3")].tolist() == list(expected.values())
    (entry,) = read_stream("batch/order.habits")
    assert entry.data["log_position"] == max(received_positions())


def test_redis_has_the_version_before_the_log_says_so(store, monkeypatch):
    buy(*some_orders())
    seen = []
    load = online.load
    monkeypatch.setattr(
        online, "load", lambda *what: (seen.append(BatchVersion.objects.count()), load(*what))
    )
    version = publish(Order.taste, now=MORNING)
    assert seen == [0]
    tables = read_tables(Order.taste, version)
    wanted = online.Wanted(Order.taste, 1, [["c1"], ["m2"]])
    script = online.reading([wanted])
    reply = connections.client().eval(script.text, len(script.keys), *script.keys, *script.arguments)
    found = wanted.matrices(reply[0])
    for table, matrix, key in zip(tables, found, ("c1", "m2"), strict=True):
        assert matrix[0].tobytes() == table.matrix[table.keys.index(key)].tobytes()


def test_the_file_and_its_name_are_on_the_disk_before_the_log_says_so(store, monkeypatch):
    """A machine that fails must not leave an entry whose version was never stored."""
    synced: set[str] = set()
    said, fsync = publishing.append, os.fsync

    def watched(opened: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{opened}"))
        fsync(opened)

    def check_and_append(entries, *, now):
        file = Path(store.url) / "batch" / Order.habits.key / "00000001.parquet"
        assert synced >= {str(path) for path in (file, *list(file.parents)[:3])}
        return said(entries, now=now)

    buy(*some_orders())
    monkeypatch.setattr(os, "fsync", watched)
    monkeypatch.setattr(publishing, "append", check_and_append)
    assert publish(Order.habits, now=MORNING)


def test_the_offline_store_and_the_log_are_read_as_one(store):
    orders = some_orders(60)
    buy(*orders[:40])
    export_log(store, now=MORNING)
    buy(*orders[40:])
    version = publish(Order.habits, now=MORNING + timedelta(days=1))
    (table,) = read_tables(Order.habits, version)
    (expected,) = Order.habits.compute(view_events(orders), as_of_us=MONDAY + 2 * DAY)
    assert table.keys == expected.keys
    assert table.matrix.tobytes() == expected.matrix.tobytes()


def test_a_moment_is_published_once_and_the_next_in_its_turn(store):
    buy(*some_orders())
    first = publish(Order.rush, now=MORNING - timedelta(hours=6))
    assert publish(Order.rush, now=first.as_of + timedelta(minutes=9, seconds=59)) is None
    second = publish(Order.rush, now=first.as_of + timedelta(minutes=10))
    assert (first.number, second.number) == (1, 2)
    assert second.as_of - first.as_of == timedelta(minutes=10)
    assert newest_version(Order.rush) == second


def test_another_declaration_is_due_at_once(store, monkeypatch):
    buy(*some_orders())
    publish(Order.habits, now=MORNING)
    monkeypatch.setattr(Order.habits, "stale_after", Order.habits.over)
    assert newest_version(Order.habits) is None
    assert publish(Order.habits, now=MORNING).number == 2


def test_without_events_there_is_no_version(store):
    assert publish(Order.habits, now=MORNING) is None
    buy(OrderPlaced(MONDAY + DAY))  # at the moment itself: not before it
    assert publish(Order.habits, now=MORNING) is None
    assert not BatchVersion.objects.exists()


@pytest.mark.parametrize("broken", ["compute", "store", "redis"])
def test_a_failure_changes_nothing_and_the_other_views_are_published(store, monkeypatch, caplog, broken):
    now = timezone.now()
    today = to_micros(now) // DAY * DAY
    buy(*(OrderPlaced(today - HOUR - n, f"c{n % 5}", f"m{n % 3}") for n in range(20)), at=now)

    def fail(view, *rest, **named):
        if view is Order.taste:
            raise RuntimeError("no more memory")
        return real(view, *rest, **named)

    module, name = {
        "compute": (publishing, "_compute"),
        "store": (publishing, "write_tables"),
        "redis": (online, "load"),
    }[broken]
    real = getattr(module, name)
    monkeypatch.setattr(module, name, fail)
    published = tasks.publish_due()
    assert "order.habits" in published
    assert "order.taste" not in published
    assert not BatchVersion.objects.filter(view="order.taste").exists()
    assert "no version of order.taste was published" in caplog.text
    monkeypatch.setattr(module, name, real)
    assert tasks.publish_due() == ["order.taste"]
    assert BatchVersion.objects.get(view="order.taste").number == 1


def test_values_are_checked_whenever_they_are_read(store):
    buy(*some_orders())
    version = publish(Order.habits, now=MORNING)
    path = file_of(store, version)
    stored = path.read_bytes()
    path.write_bytes(stored[:-20])
    with pytest.raises(BatchVersionCorrupt, match=r"version 1 of order\.habits cannot be read"):
        read_tables(Order.habits, version)
    path.unlink()
    with pytest.raises(BatchVersionCorrupt, match="FileNotFoundError"):
        read_tables(Order.habits, version)
    others = Order.habits.compute(view_events(some_orders(29)), as_of_us=MONDAY + DAY)
    write_tables(Order.habits, 1, others, store)
    with pytest.raises(BatchVersionCorrupt, match="differ from those published"):
        read_tables(Order.habits, version)


def test_versions_are_folded_from_the_log_again(store):
    buy(*some_orders())
    for view in (Order.habits, Order.taste):
        publish(view, now=MORNING)
        publish(view, now=MORNING + timedelta(days=1))
    before = list(BatchVersion.objects.order_by("pk").values())
    assert len(before) == 4
    BatchVersion.objects.update(digest="lost")
    rebuild_projections([find_projection("batchversion")])
    assert list(BatchVersion.objects.order_by("pk").values()) == before


def test_two_publishers_do_not_meet(store):
    buy(*some_orders())
    other = connection.copy()
    try:
        with session_lock(LockSpace.BATCH_VIEWS, connection=other), pytest.raises(PublishingUnderWay):
            publish(Order.habits, now=MORNING)
    finally:
        other.close()


def test_redis_keeps_what_waiting_events_read(store):
    """The version of an event that waits in the queue stays, however many follow."""
    buy(*some_orders())
    moments = [MORNING - timedelta(hours=6) + n * timedelta(minutes=10) for n in range(6)]
    versions = [publish(Order.rush, now=moment) for moment in moments]
    assert online.loaded_numbers(Order.rush) == {4, 5, 6}  # the last ten minutes' and the one before
    came = versions[4].valid_from
    waiting = Pending.objects.create(position=1, lane="orders", kind=Pending.Kind.EVENT, enqueued_at=came)
    much_later = moments[-1] + timedelta(hours=1)
    assert remove_unread(Order.rush, now=much_later) == [4]
    assert online.loaded_numbers(Order.rush) == {5, 6}
    waiting.delete()
    assert remove_unread(Order.rush, now=much_later) == [5]


def test_the_status_of_views_is_listed(store):
    now = timezone.now()
    today = to_micros(now) // DAY * DAY
    buy(*(OrderPlaced(today - HOUR - n, f"c{n % 5}", f"m{n % 3}") for n in range(20)), at=now)
    call_command("publish_views", "--view", "order.habits", stdout=(said := StringIO()))
    assert said.getvalue() == "order.habits: version 1, 5 by customer\n"
    call_command("publish_views", "--view", "order.habits", stdout=(said := StringIO()))
    assert said.getvalue() == "order.habits: nothing to publish\n"
    call_command("publish_views", "--list", stdout=(said := StringIO()))
    habits, taste, _ = said.getvalue().splitlines()
    assert habits.startswith(f"order.habits: version 1 as of {from_micros(today):%Y-%m-%d} 00:00Z")
    assert habits.endswith("old (fresh, limit 3d), 5 by customer")
    assert taste == "order.taste: never published"
    stale = {status.view.name: status.stale for status in list_views(now=now + timedelta(days=4))}
    assert stale == {"habits": True, "taste": True, "rush": True}
    with pytest.raises(
        CommandError, match=r"no batch view 'order\.habit'; there are: order\.habits, "
    ) as refused:
        call_command("publish_views", "--view", "order.habit")
    assert refused.value.returncode == 2


def test_history_leaves_out_what_came_in_too_late_to_be_read(store):
    """The version of a Tuesday's beginning is first read a day later: what came in by then is part of it."""
    wednesday = TUESDAY + timedelta(days=1)
    buy(OrderPlaced(MONDAY), history=True, at=wednesday + timedelta(days=9))
    buy(OrderPlaced(MONDAY + 1), history=False, at=wednesday - timedelta(seconds=1))
    buy(OrderPlaced(MONDAY + 2), history=False, at=wednesday)
    assert read_timely_events(Order.habits).times.tolist() == [MONDAY, MONDAY + 1]
    export_log(store, now=wednesday)
    assert read_timely_events(Order.habits).times.tolist() == [MONDAY, MONDAY + 1]
    assert read_timely_events(Order.habits, log_position=min(received_positions())).times.tolist() == [MONDAY]
