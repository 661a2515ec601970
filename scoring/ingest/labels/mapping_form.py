"""The form in which a user maps the columns of a label file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

from django.http import QueryDict

from scoring.catalog.event_type import EventType
from scoring.ingest.labels.columns import (
    AS_REASON,
    MAX_VALUE_LENGTH,
    MAX_VALUES,
    REJECT,
    RETRACT,
    SKIP,
    LabelColumns,
    suggest_statuses,
    suggest_values,
)
from scoring.ingest.labels.table import LabelTable
from scoring.ingest.labels.times import TimeStyle, lacks_zone
from scoring.ingest.values.dates import DAY_FIRST, MONTH_FIRST, guess_order

NO_CODES = f"{{}} contains free text or more than {MAX_VALUES} distinct values; choose codes or states."
EVERY_LINE, BY_COLUMN = "always:", "column:"  # prefixes of a choice

MEANINGS = {
    SKIP: "leave unlabeled",
    RETRACT: "retract the label",
    REJECT: "reject the line",
    AS_REASON: "use the reason",
}
COUNTED = {
    SKIP: "left unlabeled",
    RETRACT: "retracted",
    REJECT: "rejected",
    "": "not mapped yet",
}


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A value of a column, the number of lines with it, and its meaning ("": not chosen yet)."""

    value: str
    count: int
    meaning: str


def counted_meaning(meaning: str) -> str:
    """The description of counted lines with a meaning.

    >>> counted_meaning("fraud"), counted_meaning(SKIP)
    ('fraud', 'left unlabeled')
    """
    return COUNTED.get(meaning, meaning)


def columns_in(sent: QueryDict, table: LabelTable, kind: type[EventType]) -> LabelColumns:
    """The chosen columns and meanings; other values keep their suggested meaning."""
    how = sent.get("meaning") or ""
    meaning = _column(how.removeprefix(BY_COLUMN), table) if how.startswith(BY_COLUMN) else ""
    status = _column(sent.get("status") or "", table) if meaning else ""
    values = _chosen(sent, "value", "means")
    statuses = _chosen(sent, "status_value", "status_means")
    return LabelColumns(
        event_id=_column(sent.get("event_id") or "", table),
        event_type=_column(sent.get("event_type_column") or "", table),
        known_at=_column(sent.get("known_at") or "", table),
        policies=_column(sent.get("policies") or "", table) if kind.policies else "",
        meaning=meaning,
        always=how.removeprefix(EVERY_LINE) if how.startswith(EVERY_LINE) else "",
        status=status,
        values=suggest_values(table.values(meaning), kind) | values if meaning else {},
        status_values=suggest_statuses(table.values(status)) | statuses if status else {},
        times=TimeStyle(sent.get("zone") or "UTC", sent.get("order") or ""),
    )


class ColumnsForm:
    """The choices as the page shows them; `problems` says by field what still must be chosen."""

    def __init__(self, columns: LabelColumns, table: LabelTable, kind: type[EventType]) -> None:
        self.columns, self.header, self.labels = columns, table.header, kind.labels.values
        self.event_type, self.policies = kind.name, [policy.name for policy in kind.policies]
        self.values = _rows(table, columns.meaning, columns.values)
        self.statuses = _rows(table, columns.status, columns.status_values)
        times = [text for text in table.values(columns.known_at) if text] if columns.known_at else []
        self.order_asked = guess_order(times) is not None
        self.zone_asked = any(map(lacks_zone, times))
        self.problems = self._find_problems()

    @property
    def unusable(self) -> bool:
        """Whether too little is chosen to preview any line."""
        return bool(self.problems.keys() & {"event_id", "zone", "many_values", "many_statuses"})

    @property
    def unused(self) -> list[str]:
        return [name for name in self.columns.unused(self.header) if not name.startswith("reject_")]

    @property
    def meanings(self) -> list[tuple[str, str]]:
        """The possible meanings of a value, for the page."""
        return [(name, MEANINGS.get(name, name)) for name in (*self.labels, SKIP, RETRACT, REJECT)]

    @property
    def status_meanings(self) -> list[tuple[str, str]]:
        return [(AS_REASON, MEANINGS[AS_REASON]), *self.meanings]

    @property
    def every_line(self) -> list[tuple[str, str]]:
        """The possible meanings of every line if no column gives it."""
        return [(f"{EVERY_LINE}{name}", MEANINGS.get(name, name)) for name in (*self.labels, RETRACT)]

    @property
    def chosen_meaning(self) -> str:
        columns = self.columns
        if columns.meaning:
            return f"{BY_COLUMN}{columns.meaning}"
        return f"{EVERY_LINE}{columns.always}" if columns.always else ""

    def _find_problems(self) -> dict[str, str]:
        columns, problems = self.columns, {}
        if not columns.event_id:
            problems["event_id"] = "Choose the column with the sender's event id."
        if columns.times.zone not in available_timezones():
            problems["zone"] = (
                f"{columns.times.zone[:40]!r} is not a time zone; enter one such as Europe/Berlin."
            )
        if self.order_asked and columns.times.order not in (DAY_FIRST, MONTH_FIRST):
            problems["order"] = "Choose which number comes first in dates such as 03/04/2026."
        if not columns.meaning and columns.always not in (*self.labels, RETRACT):
            problems["meaning"] = "Choose the meaning of each line: the same for all lines, or by a column."
        if _too_many(self.values):
            problems["many_values"] = NO_CODES.format(columns.meaning)
        if _too_many(self.statuses):
            problems["many_statuses"] = NO_CODES.format(columns.status)
        allowed = {name for name, _ in self.meanings}
        if any(row.meaning not in allowed for row in self.values):
            problems["values"] = "Choose a meaning for each value."
        if any(row.meaning not in allowed | {AS_REASON} for row in self.statuses):
            problems["statuses"] = "Choose a meaning for each value."
        return problems


def _column(name: str, table: LabelTable) -> str:
    return name if name in table.header else ""


def _chosen(sent: QueryDict, values: str, meanings: str) -> dict[str, str]:
    """The meanings by value, from two parallel lists of a form."""
    return dict(zip(sent.getlist(values), sent.getlist(meanings), strict=False))


def _rows(table: LabelTable, column: str, meanings: Mapping[str, str]) -> list[ValueRow]:
    if not column:
        return []
    counted = table.values(column).most_common()
    return [ValueRow(value, count, meanings.get(value, "")) for value, count in counted]


def _too_many(rows: Sequence[ValueRow]) -> bool:
    return len(rows) > MAX_VALUES or any(len(row.value) > MAX_VALUE_LENGTH for row in rows)
