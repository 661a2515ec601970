"""The lines of a file of labels: what each says of its event, or what is wrong with it. Pure.

Columns and meanings are those that a person has chosen (`LabelColumns`). What a line leaves out is the file's
default.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.ingest.errors import UnreadableImport
from scoring.ingest.labels.columns import AS_REASON, LEAVE, REJECT, RETRACT, LabelColumns
from scoring.ingest.labels.table import LabelTable, Row
from scoring.ingest.labels.times import read_time
from scoring.ingest.values.formulas import unguard_cell
from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.intake.label_statements import parse_statement
from scoring.intake.labels import LabelStatement

REJECT_COLUMNS = ("reject_line", "reject_reason")  # of a file of rejected lines that comes back corrected


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be recorded. `number`: in the file, the header being line 1."""

    number: int
    cells: tuple[str, ...]
    statement: LabelStatement


@dataclass(frozen=True, slots=True)
class SilentLine:
    """A line that says nothing of its event."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot, and each thing wrong with it: the column, the problem, what is allowed."""

    number: int
    cells: tuple[str, ...]
    problems: tuple[RequestProblem, ...]

    @property
    def reason(self) -> str:
        return "; ".join(map(say_problem, self.problems))


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every line that does not say otherwise."""

    event_type: str
    label_source: str


def read_lines(
    table: LabelTable, *, columns: LabelColumns, defaults: Defaults, now: datetime
) -> list[Line | SilentLine | BadLine]:
    """Every line, in order. A second line about one event is bad when it says something else.

    Raises UnreadableImport if a column is none of the file's.
    """
    missing = sorted(columns.used - set(table.header))
    if not columns.event_id or missing:
        name = missing[0] if missing else "with the event's id"
        raise UnreadableImport("the file", f"it has no column {name}")
    given_back = table.header[:1] == REJECT_COLUMNS[:1]
    said: dict[tuple[str, str], tuple[int, str | None]] = {}
    lines: list[Line | SilentLine | BadLine] = []
    for typed in table.rows:
        row = Row(typed.number, tuple(map(unguard_cell, typed.cells))) if given_back else typed
        line = _read_line(row, table.header, columns=columns, defaults=defaults, now=now)
        lines.append(_contradicted(line, said) if isinstance(line, Line) else line)
    return lines


def meaning_of(row: Mapping[str, str], columns: LabelColumns) -> str:
    """What a line means by its values: a label, RETRACT, LEAVE, REJECT, or "" if nothing was chosen."""
    by_status = columns.status_values.get(row.get(columns.status, ""), "") if columns.status else AS_REASON
    if by_status != AS_REASON:
        return by_status
    return columns.values.get(row.get(columns.meaning, ""), "") if columns.meaning else columns.always


def say_problem(problem: RequestProblem) -> str:
    """ "label is not a label of payment (allowed: fraud, legitimate)"."""
    allowed = allowed_text(problem)
    return f"{problem.field} {problem.problem}" + (f" (allowed: {allowed})" if allowed else "")


def allowed_text(problem: RequestProblem) -> str:
    """What is allowed, in words; "" where nothing is said of it."""
    allowed = problem.allowed
    if isinstance(allowed, (list, tuple)):
        return ", ".join(map(str, allowed))
    return "" if allowed is None else str(allowed)


def _read_line(
    row: Row, header: Sequence[str], *, columns: LabelColumns, defaults: Defaults, now: datetime
) -> Line | SilentLine | BadLine:
    if len(row.cells) != len(header):
        problem = RequestProblem(
            "the line", f"has {len(row.cells)} cells", f"{len(header)}, as the header has"
        )
        return BadLine(row.number, row.cells, (problem,))
    cells = dict(zip(header, row.cells, strict=True))
    meaning = meaning_of(cells, columns)
    if meaning == LEAVE:
        return SilentLine(row.number, row.cells)
    problems: list[RequestProblem] = []
    item = _item(cells, meaning, columns=columns, defaults=defaults, now=now, problems=problems)
    told = "label" if meaning in ("", REJECT) else ""
    try:
        statement = parse_statement(item, now=now)
        if not problems:
            return Line(row.number, row.cells, statement)
    except InvalidRequest as error:
        problems += [_as_column(problem, columns) for problem in error.problems if problem.field != told]
    return BadLine(row.number, row.cells, tuple(problems))


def _item(
    cells: Mapping[str, str],
    meaning: str,
    *,
    columns: LabelColumns,
    defaults: Defaults,
    now: datetime,
    problems: list[RequestProblem],
) -> dict[str, Any]:
    """The line as the API would have it said; what is wrong with its label or time goes into `problems`."""
    if meaning in ("", REJECT):
        name = columns.meaning or "the line"
        problems.append(RequestProblem(name, f"is {cells.get(columns.meaning, '')!r}, which means no label"))
    return {
        "event_type": (columns.event_type and cells[columns.event_type]) or defaults.event_type,
        "event_id": cells[columns.event_id] or None,
        "label": None if meaning in ("", REJECT, RETRACT) else meaning,
        "retract": meaning == RETRACT,
        "source": defaults.label_source,
        "known_at": _time_of(cells, columns, now, problems),
    }


def _time_of(
    cells: Mapping[str, str], columns: LabelColumns, now: datetime, problems: list[RequestProblem]
) -> str | None:
    text = cells[columns.known_at] if columns.known_at else ""
    if not text:
        return None
    try:
        return read_time(text, columns.times, now=now)
    except FieldError as error:
        problems.append(RequestProblem(columns.known_at, error.problem, error.allowed))
        return None


def _as_column(problem: RequestProblem, columns: LabelColumns) -> RequestProblem:
    """The problem under the name that its column has in the file."""
    names = {
        "known_at": columns.known_at,
        "event_id": columns.event_id,
        "event_type": columns.event_type,
    }
    return problem._replace(field=names.get(problem.field) or problem.field)


def _contradicted(line: Line, said: dict[tuple[str, str], tuple[int, str | None]]) -> Line | BadLine:
    """The line, bad if an earlier one says something else of its event; `said` learns what it says."""
    statement = line.statement
    first, value = said.setdefault((statement.event_type, statement.event_id), (line.number, statement.value))
    if value == statement.value:
        return line
    problem = RequestProblem("label", f"is {value or RETRACT} in line {first} of the same event", "one label")
    return BadLine(line.number, line.cells, (problem,))
