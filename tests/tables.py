"""The tables of the test database: which have rows, and how to copy rows out and back in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

ALL = """
    SELECT quote_ident(relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND relname <> 'django_migrations'
    ORDER BY 1
"""


@contextmanager
def without_triggers() -> Iterator[CursorWrapper]:
    """A transaction that may delete log entries and write rows regardless of foreign keys."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def all_tables(cursor: CursorWrapper) -> list[str]:
    return _names(cursor, ALL)


def filled_tables(cursor: CursorWrapper) -> list[str]:
    """The tables that have rows."""
    exists = "SELECT '{0}' WHERE EXISTS (SELECT FROM {0})"
    return _names(cursor, " UNION ALL ".join(exists.format(table) for table in all_tables(cursor)))


def read_rows(cursor: CursorWrapper, table: str) -> str:
    rows = StringIO()
    cursor.copy_expert(f"COPY {table} TO STDOUT", rows)
    return rows.getvalue()


def write_rows(cursor: CursorWrapper, rows: Mapping[str, str]) -> None:
    """Insert into each table the rows that were read from it."""
    for table, text in rows.items():
        cursor.copy_expert(f"COPY {table} FROM STDIN", StringIO(text))


def _names(cursor: CursorWrapper, query: str) -> list[str]:
    cursor.execute(query)
    return [name for (name,) in cursor.fetchall()]
