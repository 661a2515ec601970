"""A file of labels, line by line: what each says of its event, or what is wrong with it. Pure.

One line names an event by `event_id`, and may name its `event_type`, its `label` and when it was known
(`known_at`, or `reported_at` as chargeback files call it). What a line leaves out is the file's default.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.api.statements import parse_statement
from scoring.catalog.registry import event_types
from scoring.decisions.labels import LabelStatement
from scoring.errors import InvalidRequest, RequestProblem, UnreadableImport

COLUMNS = ("event_id", "event_type", "label", "known_at", "reported_at")
REJECT_COLUMNS = ("reject_line", "reject_reason")  # of a file of rejected lines that comes back corrected
RETRACT = "retract"
_NOT_AS_TYPED = ("=", "+", "-", "@", "'")  # how cells begin that a spreadsheet would compute or cut
MOST_LINES = 100_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be recorded. `number`: in the file, the header being line 1."""

    number: int
    cells: tuple[str, ...]
    statement: LabelStatement


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
class LabelFile:
    """The header of a file and its lines, good and bad, in order."""

    header: tuple[str, ...]
    lines: Sequence[Line | BadLine]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every line that does not say otherwise."""

    event_type: str
    label_source: str


def read_label_file(content: bytes, *, defaults: Defaults, now: datetime) -> LabelFile:
    """Every line of a CSV file (UTF-8, separated by commas or semicolons), blank ones left out.

    A second line about one event is bad when it says something else. Raises UnreadableImport for what is no
    such file: another encoding, a header with unknown or missing columns, more than MOST_LINES lines.
    """
    rows = _rows(content)
    _, header = next(rows, (0, ()))
    _check_header(header)
    given_back = header[:1] == REJECT_COLUMNS[:1]
    said: dict[tuple[str, str], tuple[int, str | None]] = {}
    lines: list[Line | BadLine] = []
    for number, typed in rows:
        if len(lines) == MOST_LINES:
            raise UnreadableImport("the file", f"it has more than {MOST_LINES:,} lines: split it")
        cells = tuple(map(unguard_cell, typed)) if given_back else typed
        lines.append(_contradicted(_read_line(number, cells, header, defaults=defaults, now=now), said))
    return LabelFile(header, lines)


def guard_cell(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula.

    >>> guard_cell("=1+1"), guard_cell("T-1"), unguard_cell(guard_cell("'tis"))
    ("'=1+1", 'T-1', "'tis")
    """
    return f"'{cell}" if cell.startswith(_NOT_AS_TYPED) else cell


def unguard_cell(cell: str) -> str:
    """What `guard_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_NOT_AS_TYPED) else cell


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


def _rows(content: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(number of its first line, cells) of every row that is not blank. Raises UnreadableImport."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableImport("the file", f"line {line} is not UTF-8: save it as CSV UTF-8") from error
    header = text.split("\n", 1)[0]
    separator = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, tuple(cell.strip() for cell in cells)
            number = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableImport("the file", f"line {number} cannot be read: {error}") from error


def _check_header(header: Sequence[str]) -> None:
    known = {*COLUMNS, *REJECT_COLUMNS}
    problems = [f"its header has an unknown column {name!r}" for name in header if name not in known]
    problems += [f"its header repeats {name}" for name in sorted(set(header)) if header.count(name) > 1]
    if "event_id" not in header:
        problems.append("its header has no column event_id")
    if {"known_at", "reported_at"} <= set(header):
        problems.append("its header has known_at and reported_at, which are two names of one time")
    if problems:
        raise UnreadableImport("the file", f"{'; '.join(problems)}. Columns: {', '.join(COLUMNS)}")


def _read_line(
    number: int, cells: tuple[str, ...], header: Sequence[str], *, defaults: Defaults, now: datetime
) -> Line | BadLine:
    if len(cells) != len(header):
        problem = RequestProblem("the line", f"has {len(cells)} cells", f"{len(header)}, as the header has")
        return BadLine(number, cells, (problem,))
    row = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    try:
        return Line(number, cells, parse_statement(_item(row, defaults), now=now))
    except InvalidRequest as error:
        return BadLine(number, cells, tuple(_as_column(problem, header) for problem in error.problems))


def _item(row: Mapping[str, str], defaults: Defaults) -> dict[str, Any]:
    """The line as the API would have it said."""
    event_type = row.get("event_type", defaults.event_type)
    kind = event_types().get(event_type)
    label = row.get("label", kind.labels.positive if kind else None)
    return {
        "event_type": event_type,
        "event_id": row.get("event_id"),
        "label": None if label == RETRACT else label,
        "retract": label == RETRACT,
        "source": defaults.label_source,
        "known_at": row.get("known_at", row.get("reported_at")),
    }


def _as_column(problem: RequestProblem, header: Sequence[str]) -> RequestProblem:
    """The problem under the name that its column has in the file."""
    if problem.field == "known_at" and "reported_at" in header:
        return problem._replace(field="reported_at")
    if problem.field == "label" and isinstance(problem.allowed, list):
        return problem._replace(allowed=[*problem.allowed, RETRACT])
    return problem


def _contradicted(
    line: Line | BadLine, said: dict[tuple[str, str], tuple[int, str | None]]
) -> Line | BadLine:
    """The line, bad if an earlier one says something else of its event; `said` learns what it says."""
    if isinstance(line, BadLine):
        return line
    statement = line.statement
    first, value = said.setdefault((statement.event_type, statement.event_id), (line.number, statement.value))
    if value == statement.value:
        return line
    problem = RequestProblem("label", f"is {value or RETRACT} in line {first} of the same event", "one label")
    return BadLine(line.number, line.cells, (problem,))
