"""The most frequent values of an operand among the matched events."""

from dataclasses import dataclass

from reviews.investigation.query.session import Session
from reviews.investigation.results.matching import Matched
from scoring.catalog.registry import scored_type
from scoring.rules.deciding.precedence import BLOCK
from scoring.rules.expressions.operands import TEXTS, Value

MAX_VALUES = 10


@dataclass(frozen=True, slots=True)
class TopValue:
    """A value with its events. `value` None: those without one. `before`: its events in the period before."""

    value: Value | None
    count: int
    before: int
    blocked: int
    positives: int
    labeled: int

    @property
    def positive_share(self) -> float | None:
        return self.positives / self.labeled if self.labeled else None


@dataclass(frozen=True, slots=True)
class TopValues:
    """The values of the operand `name`, the most frequent first. `distinct`: how many there are."""

    name: str
    distinct: int
    values: tuple[TopValue, ...]


_VALUES = """
    SELECT {value} AS value, count(*) FILTER (is_current) AS found, count(*) FILTER (NOT is_current),
           count(*) FILTER (is_current AND outcome = $block),
           count(*) FILTER (is_current AND label = $positive),
           count(*) FILTER (is_current AND label IS NOT NULL)
      FROM {rows} GROUP BY 1 HAVING found > 0 ORDER BY found DESC, value LIMIT {limit}
"""
_DISTINCT = "SELECT count(DISTINCT {value}) FROM {rows} WHERE is_current"


def read_top_values(session: Session, matched: Matched, name: str) -> TopValues:
    """The top values of an operand of the query. A list counts once for each of its items."""
    column = matched.values[name]
    is_list = matched.query.operand(name).type == TEXTS
    rows = f"(SELECT *, unnest({column}) AS item FROM matched)" if is_list else "matched"  # noqa: S608
    value = "item" if is_list else column
    labels = scored_type(matched.query.event_type).labels
    found = session.execute(
        _VALUES.format(value=value, rows=rows, limit=MAX_VALUES),
        {"block": BLOCK, "positive": labels.positive},
    )
    [(distinct,)] = session.execute(_DISTINCT.format(value=value, rows=rows))
    return TopValues(name, distinct, tuple(TopValue(*row) for row in found))
