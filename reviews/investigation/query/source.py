"""The rows that a query reads: the files of its days, with later decisions and labels applied."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reviews.investigation.query.operands import LABEL, stored_column
from reviews.investigation.store.columns import hit_of
from scoring.offline.store import Manifest, OfflineStore, StoredFile
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.operands import FLAG, NUMBER, TEXT, TEXTS, Operand, operands_of
from scoring.rules.expressions.rewriting import lookup_variable, presence_variable, value_variable

SQL_TYPES = {NUMBER: "DOUBLE", TEXT: "VARCHAR", FLAG: "BOOLEAN", TEXTS: "VARCHAR[]"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the decisions of a type received in [since, until) are; `columns`: those that some file has."""

    event_type: str
    since: datetime
    until: datetime
    decided: Sequence[str]
    labels: Sequence[str]
    latest: Sequence[str]
    columns: frozenset[str]

    @property
    def parameters(self) -> dict[str, Any]:
        return {"since": self.since, "until": self.until}


def source_of(
    store: OfflineStore, manifest: Manifest, *, event_type: str, since: datetime, until: datetime
) -> Source:
    """The files of a period, by the days in their names."""
    days = set(_days(since, until))
    prefix = f"decided/type={event_type}"
    files = [each for each in manifest.files_of(prefix) if _day_of(each) in days]
    return Source(
        event_type=event_type,
        since=since,
        until=until,
        decided=store.locations(files),
        labels=store.locations(manifest.files_of(f"labels/type={event_type}")),
        latest=store.locations(manifest.files_of(f"latest/type={event_type}")),
        columns=frozenset(manifest.layout.get(prefix, {})),
    )


def rows_sql(source: Source, columns: Collection[str]) -> tuple[str, dict[str, Any]]:
    """A SELECT of these stored columns of every event in the period, as `d`, and its parameters.

    With `label` and `label_source`, NULL without a label. The parameter `withheld` is a list of positions
    whose labels are left out.
    """
    wanted = [name for name in dict.fromkeys(columns) if name in source.columns]
    parts = ["d.event_position", "d.position", "d.received_at", *(f"d.{quoted(name)}" for name in wanted)]
    labels = "l.label, l.label_source" if source.labels else "NULL::VARCHAR label, NULL::VARCHAR label_source"
    joins = ""
    conditions = ["d.received_at >= $since", "d.received_at < $until"]
    if source.latest:
        joins += f" LEFT JOIN ({_LATEST.format(files=paths_sql(source.latest))}) s USING (event_position)"
        conditions.append("(s.last IS NULL OR d.revision = s.last)")
    if source.labels:
        joins += f" LEFT JOIN ({_LABELS.format(files=paths_sql(source.labels))}) l USING (event_position)"
    files = paths_sql(source.decided)
    sql = (
        f"SELECT {', '.join(parts)}, {labels} FROM read_parquet({files}, union_by_name = true) d{joins}"  # noqa: S608
        f" WHERE {' AND '.join(conditions)}"
    )
    return sql, source.parameters


_LATEST = "SELECT event_position, max(revision) AS last FROM read_parquet({files}) GROUP BY 1"
_LABELS = """
    SELECT event_position, nullif(arg_max(label, position), '') AS label,
           arg_max(label_source, position) AS label_source
      FROM read_parquet({files})
     WHERE event_position NOT IN (SELECT unnest($withheld::BIGINT[])) GROUP BY 1
"""


def operand_sql(operand: Operand, columns: Collection[str]) -> str:
    """SQL of an operand's value: its column of `d`, NULL if no file has it."""
    column = stored_column(operand)
    if operand.kind == LABEL:
        return f"d.{quoted(column)}"
    if column not in columns:
        return "[]::VARCHAR[]" if operand.type == TEXTS else f"NULL::{SQL_TYPES[operand.type]}"
    if operand.type == TEXTS:
        return f"coalesce(d.{quoted(column)}, [])"
    if operand.type == NUMBER:
        return f"d.{quoted(column)}::DOUBLE"
    return f"d.{quoted(column)}"


def presence_sql(operand: Operand, columns: Collection[str]) -> str:
    """SQL of `has(operand)`."""
    column = stored_column(operand)
    if operand.personal:
        return f"coalesce(d.{quoted(column)}, FALSE)" if column in columns else "FALSE"
    return f"({operand_sql(operand, columns)} IS NOT NULL)"


def variable_columns(expression: CompiledExpression, columns: Collection[str]) -> dict[str, str]:
    """SQL of every variable of a condition. Look-ups in lists and banks are as the decision found them."""
    found = {value_variable(name): operand_sql(each, columns) for name, each in expression.values.items()}
    found |= {
        presence_variable(name): presence_sql(each, columns) for name, each in expression.presence.items()
    }
    fields = {each.name: each.column for each in operands_of(expression.event_type)}
    for lookup in expression.lookups:
        field, name = lookup
        hit = literal(hit_of(fields.get(field, field), name))
        held = f"coalesce(list_contains(d.hits, {hit}), FALSE)" if "hits" in columns else "FALSE"
        found[lookup_variable(lookup)] = held
    return found


def columns_read(expression: CompiledExpression) -> set[str]:
    """The stored columns that a condition reads."""
    found = {stored_column(each) for each in expression.operands.values()}
    return found | ({"hits"} if expression.lookups else set())


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def paths_sql(files: Sequence[str]) -> str:
    """A list of files as SQL."""
    return f"[{', '.join(map(literal, files))}]"


def _days(since: datetime, until: datetime) -> Iterator[str]:
    day = since.date()
    while day <= until.date():
        yield day.isoformat()
        day += timedelta(days=1)


def _day_of(file: StoredFile) -> str:
    return file.partition.partition("/day=")[2]
