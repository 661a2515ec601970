"""The matched events themselves, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reviews.investigation.query.operands import LABEL
from reviews.investigation.query.session import Session
from reviews.investigation.query.source import operand_sql, paths_sql
from reviews.investigation.results.matching import Matched
from scoring.timestamps import from_micros

ROWS_A_PAGE = 50
MAX_ROWS = 1_000  # that can be paged through; the export has more


@dataclass(frozen=True, slots=True)
class Row:
    """An event. `values`: of the query's columns, by name."""

    event_position: int
    received_at: datetime
    outcome: str
    score: float | None
    label: str | None
    values: Mapping[str, Any]


_NEWEST = """
    SELECT event_position, position, epoch_us(received_at), outcome, score, label
      FROM matched WHERE is_current
     ORDER BY received_at DESC, event_position DESC LIMIT {limit} OFFSET {offset}
"""


def read_rows(session: Session, matched: Matched, *, page: int) -> tuple[Row, ...]:
    """A page of events with the values of the query's columns."""
    offset = min(page * ROWS_A_PAGE, MAX_ROWS - ROWS_A_PAGE)
    newest = session.execute(_NEWEST.format(limit=ROWS_A_PAGE, offset=offset))
    values = _values_of(session, matched, [row[1] for row in newest])
    return tuple(
        Row(
            event,
            from_micros(at),
            outcome,
            score,
            label,
            _with_label(matched, values.get(position, {}), label),
        )
        for event, position, at, outcome, score, label in newest
    )


def _values_of(session: Session, matched: Matched, positions: list[int]) -> dict[int, dict[str, Any]]:
    """The values of the stored columns, by the position of the decision."""
    operands = [matched.query.operand(name) for name in matched.query.columns]
    stored = [each for each in operands if each.kind != LABEL]
    if not stored or not positions:
        return {}
    selected = ", ".join(operand_sql(each, matched.source.columns) for each in stored)
    found = session.execute(
        f"SELECT d.position, {selected} FROM read_parquet({paths_sql(matched.source.decided)},"  # noqa: S608
        f" union_by_name = true) d WHERE d.position IN ({', '.join(map(str, positions))})"
    )
    names = [each.name for each in stored]
    return {position: dict(zip(names, values, strict=True)) for position, *values in found}


def _with_label(matched: Matched, values: dict[str, Any], label: str | None) -> dict[str, Any]:
    of_labels = {
        name: label
        for name in matched.query.columns
        if matched.query.operand(name).column == "label" and matched.query.operand(name).kind == LABEL
    }
    return {**values, **of_labels}
