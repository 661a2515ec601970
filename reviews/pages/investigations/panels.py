"""The parts of the console's page: the condition's parts, figures, plots, tables, with links that refine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reviews.investigation.query.editing import equality_text, parts_of, with_part, without_part
from reviews.investigation.query.query import Query
from reviews.investigation.results.figures import Figures
from reviews.investigation.results.investigating import Result
from reviews.investigation.results.rows import Row
from reviews.investigation.results.spread import Histogram, Timeline
from reviews.investigation.results.top_values import TopValue, TopValues
from scoring.admin_kit.formatting import NO_VALUE, count_text, duration_text, percent_text
from scoring.admin_kit.outcomes import outcome_color, outcome_text
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.catalog.registry import scored_type
from scoring.rules.expressions.operands import FLAG, NUMBER, Operand

BEFORE = "period before"
MAX_ITEMS = 5  # of a list in a cell


@dataclass(frozen=True)
class Part:
    """A part of the condition, and the address without it."""

    text: str
    removed: str


@dataclass(frozen=True)
class ValueRow:
    """A top value as texts. `only` and `without`: the queries for this value, and for all others."""

    text: str
    count: str
    share: float
    before: str
    blocked: str
    positive: str
    only: str
    without: str


@dataclass(frozen=True)
class ValueTable:
    name: str
    description: str
    distinct: str
    rows: Sequence[ValueRow]
    removed: str


@dataclass(frozen=True)
class EventRow:
    position: int
    received_at: datetime
    outcome: str
    score: str
    label: str
    cells: Sequence[str]


def condition_parts(query: Query) -> list[Part]:
    """The parts of the condition that must all hold, if there are several or one that can be removed."""
    return [
        Part(text, query.link(q=without_part(query.condition, place)))
        for place, text in enumerate(parts_of(query.condition))
    ]


def result_panels(result: Result) -> dict[str, Any]:
    """The context of what a query found."""
    query = result.query
    return {
        "result": result,
        "share": percent_text(result.figures.count / result.total) if result.total else NO_VALUE,
        "change": change_text(result.figures.count, result.before.count) if result.before else "",
        "outcomes": _outcomes(result.figures, query.event_type),
        "positive": scored_type(query.event_type).labels.positive,
        "labeled": f"of {count_text(result.figures.labeled)} labeled",
        "currency": scored_type(query.event_type).base_currency,
        "stake": number_text(round(result.figures.stake, 2)),
        "milliseconds": count_text(1000 * result.seconds),
        "timeline": timeline_plot(result.timeline, query) if result.timeline else None,
        "histogram": histogram_plot(result.histogram, query) if result.histogram else None,
        "tables": [_table(found, result) for found in result.top],
        "columns": [_column(query, name) for name in query.columns],
        "rows": [_row(row, query) for row in result.rows],
    }


def change_text(count: int, before: int) -> str:
    """A count against the one before: "+20 %".

    >>> change_text(120, 100), change_text(3, 0)
    ('+20\\xa0% against the period before', 'none in the period before')
    """
    if not before:
        return f"none in the {BEFORE}"
    return f"{100 * (count / before - 1):+.0f}\N{NO-BREAK SPACE}% against the {BEFORE}"


def timeline_plot(found: Timeline, query: Query) -> Plot:
    """Events by time and outcome, stacked; with the period before as a line."""
    order = [name for name in scored_type(query.event_type).outcomes if name in found.outcomes]
    series = [
        Series(
            outcome_text(name, query.event_type),
            list(zip(found.starts, map(float, found.outcomes[name]), strict=True)),
            color=outcome_color(name),
            kind="bar",
        )
        for name in order
    ]
    if query.compare:
        points = list(zip(found.starts, map(float, found.before), strict=True))
        series.append(Series(BEFORE, points, color="muted", kind="line", dashed=True))
    step = duration_text(found.step)
    return Plot(
        title="Events over time",
        x=Axis(f"Received, in steps of {step}", "time"),
        y=Axis("Events", minimum=0),
        series=series,
        stacked=not query.compare,
        summary=f"Matching events in steps of {step}, by outcome.",
        height=220,
    )


def histogram_plot(found: Histogram, query: Query) -> Plot:
    """The distribution of a number, as shares if periods are compared."""
    places = [_bin_text(found.edges, place) for place in range(len(found.counts))]
    total, total_before = sum(found.counts) or 1, sum(found.before) or 1
    now = [count / total for count in found.counts] if query.compare else list(map(float, found.counts))
    series = [Series("this period", list(zip(places, now, strict=True)), kind="bar")]
    if query.compare:
        shares = [count / total_before for count in found.before]
        series.append(Series(BEFORE, list(zip(places, shares, strict=True)), color="muted", kind="bar"))
    operand = query.operand(found.name)
    missing = f"; {count_text(found.missing)} without a value" if found.missing else ""
    return Plot(
        title=f"Distribution of {found.name}: median {number_text(found.median)}{missing}",
        x=Axis(f"{found.name}{f', {operand.unit}' if operand.unit else ''}", "text"),
        y=Axis(
            "Share of events" if query.compare else "Events",
            "percent" if query.compare else "number",
            minimum=0,
        ),
        series=series,
        summary=f"Distribution of {found.name} among matching events.",
        height=220,
    )


def number_text(number: float) -> str:
    """A number as people read it: at most six digits that mean something.

    >>> number_text(1234.5), number_text(0.123456789), number_text(3.0)
    ('1,234.5', '0.123457', '3')
    """
    if number and not 1e-4 <= abs(number) < 1e15:
        return f"{number:.3g}"
    digits = 6 if abs(number) < 1 else max(0, 6 - len(str(int(abs(number)))))
    text = f"{number:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_text(value: Any, operand: Operand) -> str:
    """A value of an operand in a table."""
    if value is None:
        return NO_VALUE
    if operand.type == FLAG:
        return "yes" if value else "no"
    if operand.type == NUMBER:
        return number_text(value)
    if isinstance(value, list):
        more = f" and {len(value) - MAX_ITEMS} more" if len(value) > MAX_ITEMS else ""
        return ", ".join(value[:MAX_ITEMS]) + more if value else NO_VALUE
    return str(value)


def _bin_text(edges: Sequence[float], place: int) -> str:
    return f"{edges[place]:.3g}"


def _outcomes(figures: Figures, event_type: str) -> list[tuple[str, str, str]]:
    """(outcome, count, share) of each outcome that occurs, the mildest first."""
    known = [name for name in scored_type(event_type).outcomes if name in figures.outcomes]
    others = [name for name in figures.outcomes if name not in known]
    return [
        (name, count_text(figures.outcomes[name]), percent_text(figures.outcomes[name] / figures.count))
        for name in (*known, *others)
    ]


def _table(found: TopValues, result: Result) -> ValueTable:
    query = result.query
    operand = query.operand(found.name)
    rest = ",".join(name for name in query.top if name != found.name)
    return ValueTable(
        name=found.name,
        description=operand.description,
        distinct=count_text(found.distinct),
        rows=[_value_row(each, operand, query, result.figures.count) for each in found.values],
        removed=query.link(top=rest) if rest else query.link(top="") + "&top=",
    )


def _value_row(found: TopValue, operand: Operand, query: Query, total: int) -> ValueRow:
    only = with_part(query.condition, equality_text(operand, found.value))
    without = with_part(query.condition, equality_text(operand, found.value, excluded=True))
    return ValueRow(
        text="no value" if found.value is None else value_text(found.value, operand),
        count=count_text(found.count),
        share=found.count / total if total else 0.0,
        before=count_text(found.before),
        blocked=percent_text(found.blocked / found.count),
        positive=percent_text(found.positive_share) if found.labeled else NO_VALUE,
        only=query.link(q=only),
        without=query.link(q=without),
    )


def _column(query: Query, name: str) -> dict[str, str]:
    rest = ",".join(each for each in query.columns if each != name)
    operand = query.operand(name)
    return {
        "name": name,
        "unit": operand.unit if operand.unit not in ("", "id") else "",
        "kind": "number" if operand.type == NUMBER else "",
        "removed": query.link(columns=rest) if rest else query.link(columns="") + "&columns=",
    }


def _row(row: Row, query: Query) -> EventRow:
    return EventRow(
        position=row.event_position,
        received_at=row.received_at,
        outcome=row.outcome,
        score=percent_text(row.score),
        label=row.label or "",
        cells=[value_text(row.values.get(name), query.operand(name)) for name in query.columns],
    )
