"""Restores the database to its state after the migrations, following a test that committed.

Django truncates all tables and creates permissions and groups again, which costs 0.1 s and some hundred files
per test. Most tests write a few rows to a few tables; deleting those takes a tenth of the time.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.utils import CursorWrapper

from tests.tables import all_tables, filled_tables, read_rows, without_triggers, write_rows

# Deleted rows stay in their file until a vacuum; above this size a new file is cheaper.
MIN_TRUNCATE_BYTES = 256 * 1024
FILE_BYTES = """
    SELECT pg_relation_size(%(table)s)
         + (SELECT COALESCE(sum(pg_relation_size(relid)), 0) FROM pg_partition_tree(%(table)s))
"""


class MigratedDatabase:
    """The rows that migrations created, such as permissions and groups, to be restored after tests."""

    def __init__(self) -> None:
        self._is_shared = False
        with without_triggers() as cursor:
            self._rows = {table: read_rows(cursor, table) for table in filled_tables(cursor)}

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Within the block, tests see what earlier tests committed."""
        self._is_shared = True
        yield
        self._is_shared = False
        self.restore()

    def clean_up(self) -> None:
        """Restore the database after a test that commits, unless it is shared."""
        if not self._is_shared:
            self.restore()

    def restore(self) -> None:
        """Restore all tables, after waiting for other writing sessions, such as those of killed processes."""
        with without_triggers() as cursor:
            cursor.execute(f"LOCK TABLE {', '.join(all_tables(cursor))} IN EXCLUSIVE MODE")
            for table in filled_tables(cursor):
                if table not in self._rows or read_rows(cursor, table) != self._rows[table]:
                    _empty(cursor, table)
            lost = set(self._rows) - set(filled_tables(cursor))
            write_rows(cursor, {table: self._rows[table] for table in lost})


def _empty(cursor: CursorWrapper, table: str) -> None:
    cursor.execute(FILE_BYTES, {"table": table})
    if cursor.fetchone()[0] > MIN_TRUNCATE_BYTES:
        cursor.execute(f"TRUNCATE {table} CASCADE")
    else:
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608
