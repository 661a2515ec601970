"""The events that a query finds, as a file: CSV or Parquet."""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reviews.investigation.query.query import Query
from reviews.investigation.query.session import Session, open_session
from reviews.investigation.query.source import literal, quoted
from reviews.investigation.results.investigating import source_for
from reviews.investigation.results.matching import Matched, select_matching
from reviews.investigation.store.following import investigation_store
from scoring.formulas import guard_cell
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.log.retry import append_retrying
from scoring.timestamps import from_micros, to_iso

MAX_EXPORTED = 100_000  # events
SECONDS = 20.0  # a file has every row's columns, so it takes longer than a page
OWN_COLUMNS = ("event_position", "received_at", "outcome", "score", "label")
EXPORTED = "investigation.exported"


def export_csv(query: Query, *, now: datetime, withheld: Collection[int] = ()) -> str:
    """The newest MAX_EXPORTED matching events as CSV, the header first.

    Cells that a spreadsheet would take for formulas are escaped; the items of a list are joined by spaces.
    Raises ExpressionInvalid, QueryTooSlow, QueryTooLarge, ConsoleBusy.
    """
    store = investigation_store()
    source = source_for(replace(query, compare=False), store, now=now)
    lines = [_line([*OWN_COLUMNS, *query.columns])]
    if source.decided:
        with open_session(store, seconds=SECONDS) as session:
            matched = select_matching(session, query, source, withheld=withheld, also=query.columns)
            lines += [_line(_cells(row)) for row in session.execute(_select(matched, for_csv=True))]
    return "".join(lines)


def export_parquet(query: Query, *, now: datetime, withheld: Collection[int] = ()) -> bytes:
    """The same events as a Parquet file. Raises as `export_csv`."""
    store = investigation_store()
    source = source_for(replace(query, compare=False), store, now=now)
    with TemporaryDirectory() as directory, open_session(store, seconds=SECONDS) as session:
        path = Path(directory, "events.parquet")
        if source.decided:
            matched = select_matching(session, query, source, withheld=withheld, also=query.columns)
            selected = _select(matched, for_csv=False)
        else:
            selected = f"SELECT {', '.join(f'NULL AS {quoted(each)}' for each in OWN_COLUMNS)} WHERE FALSE"
        _write(session, selected, path)
        return path.read_bytes()


def record_export(query: Query, *, form: str, user_name: str, now: datetime) -> None:
    """Record who exported what. `form`: "csv" or "parquet"."""
    stream = f"investigation/{user_name}"

    def step() -> None:
        entry = NewEntry(
            stream=stream,
            expected_version=last_version(stream),
            type=EXPORTED,
            data={"parameters": query.parameters(), "format": form},
            metadata={"actor": f"user/{user_name}"},
        )
        append([entry], now=now)

    append_retrying(step)


def _select(matched: Matched, *, for_csv: bool) -> str:
    received = "epoch_us(received_at)" if for_csv else "received_at"
    values = "".join(f", {matched.values[name]} AS {quoted(name)}" for name in matched.query.columns)
    return (
        f"SELECT event_position, {received} AS received_at, outcome, score, label{values}"  # noqa: S608
        f" FROM matched WHERE is_current ORDER BY matched.received_at DESC, event_position DESC"
        f" LIMIT {MAX_EXPORTED}"
    )


def _write(session: Session, selected: str, path: Path) -> None:
    session.execute(f"COPY ({selected}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _cells(row: Sequence[Any]) -> Iterator[str]:
    position, received, *values = row
    yield str(position)
    yield to_iso(from_micros(received))
    yield from map(_cell, values)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return guard_cell(" ".join(value))
    return guard_cell(value) if isinstance(value, str) else str(value)


class _Written(list[str]):
    """Where a CSV writer puts its lines."""

    write = list.append


def _line(cells: Iterable[str]) -> str:
    written = _Written()
    csv.writer(written, lineterminator="\n").writerow(cells)
    return "".join(written)
