"""Reads the lines of a label file as label statements or as rejected lines. Pure.

Columns and meanings are those that the user chose (`LabelColumns`); missing values use the file's defaults.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits
from scoring.catalog.errors import FieldError
from scoring.catalog.policies import split_names
from scoring.catalog.registry import event_type
from scoring.formulas import unguard_cell
from scoring.ingest.errors import UnreadableImport
from scoring.ingest.labels.columns import AS_REASON, REJECT, RETRACT, SKIP, LabelColumns
from scoring.ingest.labels.table import LabelTable, Row
from scoring.ingest.labels.times import read_time
from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.intake.label_statements import parse_statement
from scoring.intake.labels import LabelStatement

REJECT_COLUMNS = ("reject_line", "reject_reason")  # in a corrected file of rejected lines


@dataclass(frozen=True, slots=True)
class LabelLine:
    """A valid line. `number`: its line in the file; the header is line 1."""

    number: int
    cells: tuple[str, ...]
    statement: LabelStatement


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line without a label."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """An invalid line with its problems: the column, the problem and what is allowed."""

    number: int
    cells: tuple[str, ...]
    problems: tuple[RequestProblem, ...]

    @property
    def reason(self) -> str:
        return "; ".join(map(problem_text, self.problems))


@dataclass(frozen=True, slots=True)
class LabelDefaults:
    """The event type and label source of lines that do not give their own."""

    event_type: str
    label_source: str


def read_lines(
    table: LabelTable,
    *,
    columns: LabelColumns,
    defaults: LabelDefaults,
    now: datetime,
    limits: Limits = UNLIMITED,
) -> list[LabelLine | SkippedLine | RejectedLine]:
    """Every line, in order. A line that contradicts an earlier line about the same event is rejected, and one
    with an event type or label beyond the `limits` of the user.

    Raises UnreadableImport if a chosen column is not in the file.
    """
    missing = sorted(columns.used - set(table.header))
    if not columns.event_id or missing:
        name = missing[0] if missing else "with the event id"
        raise UnreadableImport("the file", f"it has no column {name}")
    given_back = table.header[:1] == REJECT_COLUMNS[:1]
    said: dict[tuple[str, str], tuple[int, LabelStatement]] = {}
    lines: list[LabelLine | SkippedLine | RejectedLine] = []
    for typed in table.rows:
        row = Row(typed.number, tuple(map(unguard_cell, typed.cells))) if given_back else typed
        line = _read_line(row, table.header, columns=columns, defaults=defaults, now=now, limits=limits)
        lines.append(_checked_for_conflict(line, said) if isinstance(line, LabelLine) else line)
    return lines


def meaning_of(row: Mapping[str, str], columns: LabelColumns) -> str:
    """The meaning of a line: a label, RETRACT, SKIP, REJECT, or "" if nothing was chosen."""
    by_status = columns.status_values.get(row.get(columns.status, ""), "") if columns.status else AS_REASON
    if by_status != AS_REASON:
        return by_status
    return columns.values.get(row.get(columns.meaning, ""), "") if columns.meaning else columns.always


def problem_text(problem: RequestProblem) -> str:
    """ "label is not a label of payment (allowed: fraud, legitimate)"."""
    allowed = allowed_text(problem)
    return f"{problem.field} {problem.problem}" + (f" (allowed: {allowed})" if allowed else "")


def allowed_text(problem: RequestProblem) -> str:
    """The allowed values as text; "" if the problem names none."""
    allowed = problem.allowed
    if isinstance(allowed, (list, tuple)):
        return ", ".join(map(str, allowed))
    return "" if allowed is None else str(allowed)


def _read_line(
    row: Row,
    header: Sequence[str],
    *,
    columns: LabelColumns,
    defaults: LabelDefaults,
    now: datetime,
    limits: Limits,
) -> LabelLine | SkippedLine | RejectedLine:
    if len(row.cells) != len(header):
        problem = RequestProblem("the line", f"has {len(row.cells)} cells", f"{len(header)} as in the header")
        return RejectedLine(row.number, row.cells, (problem,))
    cells = dict(zip(header, row.cells, strict=True))
    meaning = meaning_of(cells, columns)
    if meaning == SKIP:
        return SkippedLine(row.number, row.cells)
    problems: list[RequestProblem] = []
    item = _item(cells, meaning, columns=columns, defaults=defaults, now=now, problems=problems)
    if not limits.sees(item["event_type"]):
        problem = RequestProblem("event_type", f"is {item['event_type']}, which your groups do not see")
        return RejectedLine(row.number, row.cells, (_as_column(problem, columns),))
    told = "label" if meaning in ("", REJECT) else ""
    try:
        statement = parse_statement(item, now=now)
        if not problems:
            return _within_limits(LabelLine(row.number, row.cells, statement), limits)
    except InvalidRequest as error:
        problems += [_as_column(problem, columns) for problem in error.problems if problem.field != told]
    return RejectedLine(row.number, row.cells, tuple(problems))


def _item(
    cells: Mapping[str, str],
    meaning: str,
    *,
    columns: LabelColumns,
    defaults: LabelDefaults,
    now: datetime,
    problems: list[RequestProblem],
) -> dict[str, Any]:
    """The line as an object of the API; problems of its label or time are added to `problems`."""
    if meaning in ("", REJECT):
        name = columns.meaning or "the line"
        problems.append(RequestProblem(name, f"is {cells.get(columns.meaning, '')!r}, which is not a label"))
    return {
        "event_type": (columns.event_type and cells[columns.event_type]) or defaults.event_type,
        "event_id": cells[columns.event_id] or None,
        "label": None if meaning in ("", REJECT, RETRACT) else meaning,
        "retract": meaning == RETRACT,
        "source": defaults.label_source,
        "known_at": _time_of(cells, columns, now, problems),
        **({"policies": split_names(cells[columns.policies])} if columns.policies else {}),
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
    """The problem with the column's name in the file."""
    names = {
        "known_at": columns.known_at,
        "event_id": columns.event_id,
        "event_type": columns.event_type,
        "policies": columns.policies,
    }
    return problem._replace(field=names.get(problem.field) or problem.field)


def _within_limits(line: LabelLine, limits: Limits) -> LabelLine | RejectedLine:
    """The line, rejected if its label, or a policy of it, is none that the user may use."""
    statement = line.statement
    name, allowed = statement.event_type, limits.labels_of(statement.event_type)
    if allowed is None or statement.value is None:
        return line
    kind = event_type(name)
    by_policy = bool(kind.policies) and statement.value == kind.labels.positive
    problems = tuple(
        RequestProblem(
            "policies" if by_policy else "label",
            f"{each!r} is not among what your groups may use on a {name}",
            sorted(allowed),
        )
        for each in (statement.policies if by_policy else (statement.value,))
        if each not in allowed
    )
    return RejectedLine(line.number, line.cells, problems) if problems else line


def _checked_for_conflict(
    line: LabelLine, said: dict[tuple[str, str], tuple[int, LabelStatement]]
) -> LabelLine | RejectedLine:
    """The line, rejected if it contradicts an earlier line about its event; `said` is updated with it."""
    statement = line.statement
    first, other = said.setdefault((statement.event_type, statement.event_id), (line.number, statement))
    if (other.value, other.policies) == (statement.value, statement.policies):
        return line
    if other.value == statement.value:
        named = ", ".join(other.policies) or "none"
        problem = RequestProblem("policies", f"are {named} in line {first} for the same event", "one set")
    else:
        problem = RequestProblem(
            "label", f"is {other.value or RETRACT} in line {first} for the same event", "one label"
        )
    return RejectedLine(line.number, line.cells, (problem,))
