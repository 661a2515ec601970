"""Selects the events that a query matches, once: the results are computed from this selection."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from reviews.investigation.query.operands import LABEL, stored_column
from reviews.investigation.query.predicates import SqlCondition
from reviews.investigation.query.query import Query
from reviews.investigation.query.session import Session
from reviews.investigation.query.source import (
    Source,
    columns_read,
    operand_sql,
    paths_sql,
    rows_sql,
    variable_columns,
)
from scoring.rules.expressions.compiling import CompiledExpression, compile_expression

BASE_COLUMNS = ("outcome", "score", "stake")


@dataclass(frozen=True)
class Matched:
    """The table `matched` of a session: a row for each event, with `is_current` (not of the period before).

    `values`: the column of the table that holds each operand asked for. `total`: the events of the period,
    whether they match or not.
    """

    query: Query
    source: Source
    values: dict[str, str]
    total: int


def compile_query(query: Query) -> CompiledExpression | None:
    """The compiled condition; None without one. Raises ExpressionInvalid."""
    return compile_expression(query.condition, query.operands) if query.condition else None


def select_matching(
    session: Session,
    query: Query,
    source: Source,
    *,
    withheld: Collection[int] = (),
    also: Sequence[str] = (),
) -> Matched:
    """Fill the table `matched`. `withheld`: the events whose labels the user must not see. `also`: operands
    whose values it has besides those of the query's tables and distribution.

    The source has files. Raises ExpressionInvalid, QueryTooSlow, QueryTooLarge.
    """
    expression = compile_query(query)
    names = dict.fromkeys((*query.top, query.distribution, *also))
    values = {name: f"v{place}" for place, name in enumerate(names)}
    operands = [query.operand(name) for name in names]
    read = {stored_column(each) for each in operands if each.kind != LABEL}
    read |= {*BASE_COLUMNS, *(columns_read(expression) if expression else ())}
    rows, parameters = rows_sql(source, sorted(read))
    selected = ", ".join(
        f"{operand_sql(query.operand(name), source.columns)} AS {column}" for name, column in values.items()
    )
    condition = SqlCondition(expression, variable_columns(expression, source.columns)) if expression else None
    given: dict[str, Any] = {
        **parameters,
        **(condition.parameters if condition else {}),
        "current": query.since,
    }
    if source.labels:
        given["withheld"] = list(withheld)
    session.execute(
        "CREATE TEMP TABLE matched AS SELECT d.event_position, d.position, d.received_at,"  # noqa: S608
        " d.received_at >= $current AS is_current, d.outcome, d.score, d.stake, d.label"
        f", {selected} FROM ({rows}) d{f' WHERE {condition.text}' if condition else ''}",
        given,
    )
    return Matched(query, source, values, _total(session, query, source, condition))


def _total(session: Session, query: Query, source: Source, condition: SqlCondition | None) -> int:
    """How many events the period has."""
    if condition is None:
        [(found,)] = session.execute("SELECT count(*) FROM matched WHERE is_current")
        return int(found)
    [(found,)] = session.execute(
        f"SELECT count(*) FROM read_parquet({paths_sql(source.decided)})"  # noqa: S608
        " WHERE revision = 0 AND received_at >= $since AND received_at < $until",
        {"since": query.since, "until": query.until},
    )
    return int(found)
