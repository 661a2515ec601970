"""A dump restored into another cluster: refused with the command to run, then read without a gap."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from embedded import services
from embedded.paths import service_paths
from embedded.postgres import binary_directory
from scoring.log.append import append
from scoring.log.consumers.registry import Consumer, catch_up
from scoring.log.entries import START, Entry
from scoring.log.epochs import AHEAD, check_epoch, current_epoch
from scoring.log.errors import LogAheadOfCluster
from scoring.log.read import read_page
from tests.factories.log import NOW, open_append, received

pytestmark = pytest.mark.django_db(transaction=True)

BURNT = 3_000  # how many transaction ids the old cluster is ahead of a new one


@pytest.fixture
def new_cluster() -> Iterator[Path]:
    """A second, empty PostgreSQL cluster; gives the directory that its services run in."""
    directory = Path(tempfile.mkdtemp(prefix="assay-restore-"))
    directory.chmod(0o755)  # the server may run as another user
    try:
        services.start(directory, names=("postgres",))
        yield directory
        services.stop(directory, names=("postgres",))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def test_a_restored_log_is_refused_until_a_new_epoch_begins(new_cluster: Path, tmp_path: Path) -> None:
    handled: list[Entry] = []

    def handle(entries: Sequence[Entry], *, now: datetime) -> None:
        handled.extend(entries)

    consumer = Consumer("follows", frozenset({"event.received"}), handle)
    _burn_transaction_ids(BURNT)
    read_before = append([received(f"read-{i}") for i in range(3)], now=NOW)
    catch_up(consumer, now=NOW)
    with open_append([received("slow")]) as slow:
        quick = append([received("quick")], now=NOW)
        catch_up(consumer, now=NOW)
    assert handled == read_before  # the other two are in the log but not yet read

    original = dict(connection.settings_dict)
    _copy_database(to=new_cluster, name=original["NAME"], dump=tmp_path / "log.dump")
    try:
        _connect(HOST=str(service_paths(new_cluster).run))
        for refused in (
            check_epoch,
            lambda: append([received("lost")], now=NOW),
            lambda: read_page(START),
            lambda: catch_up(consumer, now=NOW),
        ):
            with pytest.raises(LogAheadOfCluster, match=r"manage.py begin_epoch"):
                refused()

        call_command("begin_epoch")

        check_epoch()
        assert current_epoch() == 2
        new = append([received("new")], now=NOW)
        assert new[0].epoch == 2
        assert new[0].txid < slow[0].txid  # the pair alone would sort it before what has been read
        catch_up(consumer, now=NOW)
        catch_up(consumer, now=NOW)
        assert handled == [*read_before, *slow, *quick, *new]
        assert read_page(START).entries == handled
    finally:
        _connect(**original)


def _burn_transaction_ids(count: int) -> None:
    burn = "DO $$ BEGIN FOR i IN 1..%s LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(burn, [count])
        cursor.execute("RESET synchronous_commit")


def _copy_database(*, to: Path, name: str, dump: Path) -> None:
    tools = binary_directory(service_paths(to))
    source = [f"--host={connection.settings_dict['HOST']}", "--username=postgres"]
    target = [f"--host={service_paths(to).run}", "--username=postgres"]
    subprocess.run([tools / "pg_dump", *source, "-Fc", f"--file={dump}", name], check=True)
    subprocess.run([tools / "createdb", *target, name], check=True)
    subprocess.run(
        [tools / "pg_restore", *target, "--single-transaction", f"--dbname={name}", dump], check=True
    )


def _connect(**settings: object) -> None:
    connection.close()
    connection.settings_dict.update(settings)


def test_the_epoch_check_reads_the_end_of_an_index():
    with transaction.atomic(), connection.cursor() as cursor:
        # A small log is read faster by scanning and sorting it.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {AHEAD}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Scan Backward using logentry_reading_order" in plan
    assert "Sort" not in plan
