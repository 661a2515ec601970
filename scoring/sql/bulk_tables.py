"""Bulk rows of a table: multi-row INSERT, COPY and UPSERT without model instances."""

import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection as default_connection
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from scoring.sql.statements import Sql, unnested

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BulkTable:
    """A model's table as bulk statements need it."""

    name: str
    key: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    json_columns: frozenset[str]

    @classmethod
    def of(cls, model: type[models.Model]) -> "BulkTable":
        fields = model._meta.concrete_fields
        return cls(
            name=model._meta.db_table,
            key=str(model._meta.pk.column),
            columns=tuple(str(field.column) for field in fields),
            types=tuple(_cast_type(field) for field in fields),
            json_columns=frozenset(str(f.column) for f in fields if isinstance(f, models.JSONField)),
        )

    @property
    def column_list(self) -> str:
        return _listed(self.columns)

    def values(self, row: Row) -> tuple[Any, ...]:
        """`row` as values in column order. Raises `KeyError` when a column is missing."""
        if not self.json_columns:
            return tuple([row[column] for column in self.columns])
        return tuple(
            orjson.dumps(row[column]).decode() if column in self.json_columns else row[column]
            for column in self.columns
        )


def _cast_type(field: Any) -> str:
    """The type of a column without its length: a cast would truncate where an insert raises."""
    return str(field.db_type(default_connection)).partition("(")[0]


def insert_rows(connection: BaseDatabaseWrapper, table: BulkTable, rows: Sequence[Row]) -> None:
    """Insert `rows`; a row that exists raises `IntegrityError`."""
    insert_values(connection, table.name, table.columns, [table.values(row) for row in rows])


def upsert_rows(connection: BaseDatabaseWrapper, table: BulkTable, rows: Sequence[Row]) -> None:
    """Insert `rows`, or replace those of the same key."""
    replaced = ", ".join(f'"{c}" = EXCLUDED."{c}"' for c in table.columns if c != table.key)
    values = [table.values(row) for row in rows]
    insert_values(connection, table.name, table.columns, values, f'("{table.key}") DO UPDATE SET {replaced}')


def insert_values(
    connection: BaseDatabaseWrapper,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    on_conflict: str = "",
) -> None:
    """INSERT `rows`, each a sequence in the order of `columns`, into the table `name`."""
    conflict = f" ON CONFLICT {on_conflict}" if on_conflict else ""
    with connection.cursor() as cursor:
        values = mogrify_rows(cursor, rows)
        cursor.execute(f'INSERT INTO "{name}" ({_listed(columns)}) VALUES {values}{conflict}')


def select_states(connection: BaseDatabaseWrapper, table: BulkTable, keys: Collection[Any]) -> dict[Any, Row]:
    """The rows of `keys` by key, locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT {table.column_list} FROM "{table.name}" WHERE "{table.key}" = ANY(%s) '
            f'ORDER BY "{table.key}" FOR UPDATE',
            [list(keys)],
        )
        rows = [_read_row(table, values) for values in cursor.fetchall()]
    return {row[table.key]: row for row in rows}


def insert_alongside(table: BulkTable, rows: Sequence[tuple[str, int, Row]], *, key: int | None) -> Sql:
    """A WITH-query that inserts rows alongside their entries, each given by stream and version.

    A row's key is its entry's position, which the query takes from `written`; until then it must be `key`.
    Raises ValueError otherwise. Without `key` rows have keys of their own.
    """
    if key is not None:
        _check_keys(table, rows, key)
    keyed = [(stream, version, *table.values(row)) for stream, version, row in rows]
    kept = [place for place, column in enumerate(table.columns) if key is None or column != table.key]
    columns = list(zip(*keyed, strict=True))
    given = unnested(
        [*columns[:2], *(columns[2 + place] for place in kept)],
        ["text", "int", *(table.types[place] for place in kept)],
    )
    names = _listed([table.columns[place] for place in kept])
    given_names = ", ".join(f'r."{table.columns[place]}"' for place in kept)
    into, values = (
        (names, given_names) if key is None else (f'"{table.key}", {names}', f"w.position, {given_names}")
    )
    return Sql(
        f'rows_of_{table.name} AS (INSERT INTO "{table.name}" ({into})'
        f" SELECT {values} FROM {given.text} AS r (of_stream, of_version, {names})"
        " JOIN written w ON w.stream = r.of_stream AND w.stream_version = r.of_version)",
        given.values,
    )


def _check_keys(table: BulkTable, rows: Sequence[tuple[str, int, Row]], key: int) -> None:
    for *_, row in rows:
        if row[table.key] != key:
            raise ValueError(f"the key of a row of {table.name} is not its entry's position: {row}")


def mogrify_rows(cursor: CursorWrapper, rows: Sequence[Sequence[Any]]) -> str:
    """`rows`, all of one length, as the text of a VALUES list, quoted by the driver."""
    template = "(" + ",".join(["%s"] * len(rows[0])) + ")"
    return b",".join([cursor.mogrify(template, row) for row in rows]).decode()


def copy_rows(connection: BaseDatabaseWrapper, table: BulkTable, rows: Iterable[Row]) -> None:
    """`insert_rows` by COPY: for thousands of rows."""
    copy_values(connection, table.name, table.columns, (table.values(row) for row in rows))


def copy_values(
    connection: BaseDatabaseWrapper, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY `rows`, each a sequence in the order of `columns`, into the table `name`."""
    texts = [_column_texts(column) for column in zip(*rows, strict=True)]
    text = "".join([f"{line}\n" for line in map("\t".join, zip(*texts, strict=True))])
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{name}" ({_listed(columns)}) FROM STDIN', io.StringIO(text))


def copy_text(value: Any) -> str:
    """`value` in the text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html)."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return _escape(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return "\\\\x" + value.hex()
    raise TypeError(f"COPY of {type(value).__name__} is not supported")


def _column_texts(values: Sequence[Any]) -> Sequence[str]:
    """`copy_text` of each value of a column; texts are returned unchanged if none needs escaping."""
    kinds = set(map(type, values))
    if kinds == {str}:
        joined = "".join(values)
        return list(map(_escape, values)) if any(sign in joined for sign in _ESCAPED) else values
    if kinds == {int}:
        return list(map(repr, values))
    if kinds == {datetime}:  # often the time of writing, the same in each
        texts = {value: copy_text(value) for value in set(values)}
        return list(map(texts.__getitem__, values))
    return list(map(copy_text, values))


_ESCAPED = ("\\", "\n", "\t", "\r")


def _escape(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _read_row(table: BulkTable, values: Sequence[Any]) -> Row:
    row = dict(zip(table.columns, values, strict=True))
    for column in table.json_columns:
        if isinstance(row[column], str):  # Django registers no JSON decoding with the driver
            row[column] = orjson.loads(row[column])
    return row
