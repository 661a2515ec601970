"""The log goes into the offline store once, whatever happens between."""

from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from scoring.catalog import registry
from scoring.catalog.fields import Number
from scoring.event_types.payment import Payment
from scoring.lanes.order import head_after, read_head, sequenced_entry
from scoring.log.append import append
from scoring.offline import export as export_module
from scoring.offline.columns import LABELS, ORDER, event_schema, integers
from scoring.offline.errors import ExportUnderWay, OfflineStoreOfAnotherLog
from scoring.offline.export import export_log, export_status
from scoring.offline.store import OfflineStore
from scoring.offline.tasks import export as export_task
from scoring.sql.advisory_locks import LockSpace, session_lock
from tests.factories.log import NOW, labeled, open_append, received

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(transactional_db, tmp_path, settings) -> OfflineStore:
    settings.OFFLINE_URL = str(tmp_path / "offline")
    return OfflineStore()


def read(store: OfflineStore, table: str, *columns: str) -> list[tuple]:
    schema = {"labels": LABELS, "order": ORDER}.get(table) or event_schema(Payment)
    rows = store.read(table, manifest=store.manifest(), columns=columns, schema=schema)
    return sorted(tuple(row.values()) for row in rows.to_pylist())


def exported(store: OfflineStore) -> list[int]:
    events = [position for (position,) in read(store, "events/type=payment", "_position")]
    assert len(events) == len(set(events)), "exported twice"
    return events


def test_what_the_log_holds_is_there_by_type_and_day(store):
    event, _ = append([received("1"), received("2", type="refund")], now=NOW)
    (label,) = append([labeled(event.stream)], now=NOW + timedelta(days=2))
    head = read_head("commerce")
    append([sequenced_entry(head, positions=[event.position, label.position], clock_us=0)], now=NOW)
    report = export_log(store, now=NOW)
    assert report.entries == 4
    assert {file.partition for file in report.manifest.files} == {
        "events/type=payment/day=2026-03-01",
        "events/type=refund/day=2026-03-01",
        "labels/day=2026-03-03",
        "order/lane=commerce",
    }
    assert exported(store) == [event.position]
    assert report.manifest.rows("events") == 2
    assert read(store, "labels", "position", "event_position", "value", "effective") == [
        (label.position, event.position, "fraud", "fraud")
    ]
    assert read(store, "order", "seq", "position") == [(1, event.position), (2, label.position)]


def test_a_run_goes_on_where_the_last_one_ended(store):
    first = append([received("1")], now=NOW)
    assert export_log(store, now=NOW).entries == 1
    assert export_log(store, now=NOW).entries == 0
    second = append([received("2")], now=NOW)
    assert export_status(store).behind == 1
    assert export_log(store, now=NOW).entries == 1
    assert exported(store) == [first[0].position, second[0].position]


def test_an_entry_of_an_open_transaction_is_not_skipped(store):
    with open_append([received("slow")]) as slow:
        append([received("fast")], now=NOW)
        export_log(store, now=NOW)
        assert slow[0].position not in exported(store)
    export_log(store, now=NOW)
    assert exported(store)[0] == slow[0].position
    assert len(exported(store)) == 2


@pytest.mark.parametrize("dies_at", ["second file", "manifest"])
def test_a_run_that_dies_leaves_nothing_that_counts_and_nothing_for_ever(store, monkeypatch, dies_at):
    append([received("1"), received("2", type="refund")], now=NOW)
    written = []
    write = OfflineStore.write

    def failing_write(self, table, path):
        if dies_at == "second file" and written:
            raise OSError("no space left")
        written.append(path)
        return write(self, table, path)

    def failing_commit(self, manifest):
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(OfflineStore, "write", failing_write)
        if dies_at == "manifest":
            patch.setattr(OfflineStore, "commit", failing_commit)
        with pytest.raises(OSError, match=r"no space|killed"):
            export_log(store, now=NOW)
    assert written
    assert exported(store) == []
    report = export_log(store, now=NOW)
    assert report.entries == 2
    assert len(exported(store)) == 1
    assert export_log(store, now=NOW).removed == 0


def test_files_of_a_run_that_died_are_removed(store):
    append([received("1")], now=NOW)
    export_log(store, now=NOW)
    orphan = store.write(
        store.read_files(store.manifest().files), "events/type=payment/day=2026-03-01/x.parquet"
    )
    assert export_log(store, now=NOW).removed == 1
    with pytest.raises(FileNotFoundError):
        store.read_files([orphan])
    assert len(exported(store)) == 1


def test_many_small_files_become_one(store, monkeypatch):
    monkeypatch.setattr(export_module, "MAX_FILES", 3)
    for number in range(3):
        append([received(str(number))], now=NOW)
        export_log(store, now=NOW)
    assert [file.rows for file in store.manifest().files] == [3]
    assert len(exported(store)) == 3


def test_the_store_of_another_log_is_not_written_to_until_asked(store):
    (entry,) = append([received("1")], now=NOW)
    export_log(store, now=NOW)
    with connection.cursor() as cursor:  # another log: at the same position another entry
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE scoring_logentry SET stream = 'payment/shop/else' WHERE position = %s", [entry.position]
        )
        cursor.execute("SET session_replication_role = DEFAULT")
    for refused in (export_status, lambda store: export_log(store, now=NOW)):
        with pytest.raises(OfflineStoreOfAnotherLog, match="--anew"):
            refused(store)
    assert export_log(store, now=NOW, anew=True).entries == 1
    assert len(exported(store)) == 1


def test_a_changed_catalog_exports_everything_anew(store, monkeypatch):
    append([received("1", extra=5)], now=NOW)
    export_log(store, now=NOW)
    extra = Number(optional=True)
    extra.__set_name__(Payment, "extra")
    monkeypatch.setattr(Payment, "fields", Payment.fields | {"extra": extra})
    append([received("2")], now=NOW)
    report = export_log(store, now=NOW)
    assert (report.entries, report.began_anew) == (2, True)
    assert read(store, "events/type=payment", "_id", "extra") == [("1", 5.0), ("2", None)]


def test_event_types_that_are_no_longer_declared_are_left_out(store, monkeypatch):
    append([received("1"), received("2", type="refund")], now=NOW)
    monkeypatch.setattr(export_module, "event_types", lambda: {"payment": registry.event_type("payment")})
    assert export_log(store, now=NOW).manifest.rows("events") == 1


def test_of_two_runs_at_once_one_gives_way(store):
    append([received("1")], now=NOW)
    other = connection.copy()
    try:
        with session_lock(LockSpace.OFFLINE_EXPORT, connection=other):
            with pytest.raises(ExportUnderWay):
                export_log(store, now=NOW)
            assert export_task() == 0
    finally:
        other.close()
    assert export_task() == 1


def test_a_large_order_is_read_in_pieces(store, monkeypatch):
    monkeypatch.setattr(export_module, "PACKED_A_READ", 2)
    monkeypatch.setattr(export_module, "ORDER_ROWS_A_FILE", 3)
    head = read_head("commerce")
    for number in range(5):
        (entry,) = append([sequenced_entry(head, positions=[number * 10, 7], clock_us=0)], now=NOW)
        head = head_after(head, position=entry.position, count=2, clock_us=0)
    export_log(store, now=NOW)
    assert [seq for (seq,) in read(store, "order", "seq")] == list(range(1, 11))


def test_pages_are_committed_one_by_one(store, monkeypatch):
    monkeypatch.setattr(export_module, "ENTRIES_A_PAGE", 2)
    append([received(str(number)) for number in range(5)], now=NOW)
    done = []
    export_log(store, now=NOW, progress=done.append)
    assert done == [2, 2, 1]
    assert store.manifest().number == 3
    table = store.read_files(store.manifest().files)
    assert np.unique(integers(table["_position"])).size == 5


def test_the_command_says_what_it_did_and_what_is_there(store):
    append([received("1")], now=NOW)
    out = StringIO()
    call_command("export", "--status", stdout=out)
    assert "nothing exported yet; 1 entries to export" in out.getvalue()
    call_command("export", stdout=out, verbosity=0)
    assert "1 entries exported to 1 files" in out.getvalue()
    call_command("export", "--status", stdout=out)
    assert "0 behind" in out.getvalue()


def test_the_command_refuses_another_logs_store_in_words(store):
    append([received("1")], now=NOW)
    export_log(store, now=NOW)
    store.commit(store.manifest().followed_by(now=NOW, mark="of another log"))
    with pytest.raises(CommandError, match="ASSAY_OFFLINE_URL"):
        call_command("export", verbosity=0)
