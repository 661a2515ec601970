"""Rows of a list as CSV, in batches, and the entry of the log that says who exported what."""

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from scoring.formulas import guard_cell
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.log.retry import append_retrying
from scoring.timestamps import to_iso

MAX_ROWS, BATCH = 100_000, 2_000

# The name of a column of the file -> what it holds of a row.
Columns = Mapping[str, Callable[[Any], Any]]


def record_export(
    list_name: str, *, filters: Mapping[str, str], search: str, actor: str, now: datetime
) -> None:
    """Append `list.exported` with the filters and the search, before the first row leaves."""
    stream = f"export/{list_name}"
    data = {"list": list_name, "filters": dict(filters), "search": search, "max_rows": MAX_ROWS}

    def step() -> None:
        version = last_version(stream)
        append([NewEntry(stream, version, "list.exported", data, metadata={"actor": actor})], now=now)

    append_retrying(step)


def export_lines(rows: QuerySet[Any, Any], columns: Columns) -> Iterator[str]:
    """The lines of the file, the header first; the newest MAX_ROWS rows by primary key."""
    yield _line(list(columns))
    newest, left = rows.order_by("-pk"), MAX_ROWS
    batch = list(newest[: min(BATCH, left)])
    while batch:
        yield from (_line([_cell(value_of(row)) for value_of in columns.values()]) for row in batch)
        left -= len(batch)
        batch = list(newest.filter(pk__lt=batch[-1].pk)[: min(BATCH, left)]) if left else []


def column(name: str) -> Callable[[Any], Any]:
    """The value of a field."""
    return lambda row: getattr(row, name)


def columns_of(*names: str) -> Columns:
    """Columns named after the fields that they hold."""
    return {name: column(name) for name in names}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return to_iso(value) if isinstance(value, datetime) else str(value)


class _Written(list[str]):
    """Where a CSV writer puts its lines."""

    write = list.append


def _line(cells: list[str]) -> str:
    written = _Written()
    csv.writer(written, lineterminator="\n").writerow([guard_cell(cell) for cell in cells])
    return "".join(written)
