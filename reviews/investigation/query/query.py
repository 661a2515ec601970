"""A query as it stands in the address of its page, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from reviews.investigation.errors import InvalidQuery
from reviews.investigation.query.operands import query_operands
from scoring.catalog.registry import scored_types
from scoring.rules.expressions.language import MAX_CHARACTERS
from scoring.rules.expressions.operands import NUMBER, Operand, Operands

PERIODS: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
DEFAULT_PERIOD = "7d"
CUSTOM = "custom"
MAX_PERIOD = timedelta(days=400)
MAX_COLUMNS, MAX_TOP = 12, 4
DEFAULT_COLUMNS = 4
TIME = "%Y-%m-%dT%H:%M"
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Query:
    """What is asked: events of a type, received in [since, until), that meet a condition ("" for all).

    `columns`, `top` and `distribution` name operands. `compare`: with the period of equal length before.
    `period`: one of PERIODS, or CUSTOM for the two times as given.
    """

    event_type: str
    period: str
    since: datetime
    until: datetime
    condition: str = ""
    columns: tuple[str, ...] = ()
    top: tuple[str, ...] = ()
    distribution: str = "score"
    compare: bool = False
    operands: Operands = field(repr=False, compare=False, default=Operands("", {}))

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    @property
    def before(self) -> datetime:
        """The start of the period before, if it is compared, else of the period."""
        return self.since - self.length if self.compare else self.since

    def operand(self, name: str) -> Operand:
        return self.operands.by_name[name]

    def parameters(self, **changes: str) -> dict[str, str]:
        """The query as parameters of its address; an empty change leaves one out."""
        found = {
            "type": self.event_type,
            "q": self.condition,
            "period": self.period,
            "columns": ",".join(self.columns),
            "top": ",".join(self.top),
            "distribution": self.distribution,
            "compare": "yes" if self.compare else "",
        }
        if self.period == CUSTOM:
            found |= {"since": f"{self.since:{TIME}}", "until": f"{self.until:{TIME}}"}
        return {name: value for name, value in (found | changes).items() if value}

    def link(self, **changes: str) -> str:
        """The query, changed, as the query string of an address."""
        return "?" + urlencode(self.parameters(**changes))

    def with_condition(self, condition: str) -> "Query":
        return replace(self, condition=condition)


def query_from(given: Mapping[str, str], *, now: datetime, types: Sequence[str] | None = None) -> Query:
    """The query of an address. Raises InvalidQuery; the condition is not compiled yet.

    `types`: the scored event types that may be asked for, the first one by default; None for all.
    """
    types = scored_types() if types is None else types
    event_type = given.get("type") or next(iter(types), "")
    if event_type not in types:
        raise InvalidQuery("type", f"{event_type!r} is not scored", ", ".join(types))
    operands = query_operands(event_type)
    period, since, until = _period_in(given, now)
    condition = given.get("q", "").replace("\r\n", "\n").strip()
    if len(condition) > MAX_CHARACTERS:
        raise InvalidQuery("q", "the condition is too long", f"{MAX_CHARACTERS:,} characters")
    return Query(
        event_type=event_type,
        period=period,
        since=since,
        until=until,
        condition=condition,
        columns=_names_in(given, "columns", operands, MAX_COLUMNS, _default_columns(operands)),
        top=_names_in(given, "top", operands, MAX_TOP, _default_top(operands)),
        distribution=_distribution_in(given, operands),
        compare=given.get("compare") == "yes",
        operands=operands,
    )


def shown_operands(operands: Operands) -> list[Operand]:
    """Those whose values results show: personal values are on the pages of their events alone."""
    return [operand for operand in operands if not operand.personal]


def _period_in(given: Mapping[str, str], now: datetime) -> tuple[str, datetime, datetime]:
    period = given.get("period") or DEFAULT_PERIOD
    if period in PERIODS:
        return period, now - PERIODS[period], now
    if period != CUSTOM:
        raise InvalidQuery("period", f"{period!r} is unknown", ", ".join((*PERIODS, CUSTOM)))
    since, until = _time_in(given, "since"), _time_in(given, "until")
    if not timedelta() < until - since <= MAX_PERIOD:
        raise InvalidQuery("until", "the period is empty or too long", f"1 minute to {MAX_PERIOD.days} days")
    return CUSTOM, since, until


def _time_in(given: Mapping[str, str], name: str) -> datetime:
    text = given.get(name, "")
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidQuery(
            name, f"{text!r} is not a time", "a time in UTC such as 2026-03-01T09:00"
        ) from error
    if not EARLIEST <= moment < LATEST:
        raise InvalidQuery(name, f"{text!r} is out of range", f"{EARLIEST.year} to {LATEST.year - 1}")
    return moment


def _names_in(
    given: Mapping[str, str], name: str, operands: Operands, limit: int, default: tuple[str, ...]
) -> tuple[str, ...]:
    if name not in given:
        return default
    names = tuple(dict.fromkeys(each for each in given[name].split(",") if each))
    for each in names:
        _check_shown(name, each, operands)
    if len(names) > limit:
        raise InvalidQuery(name, f"{len(names)} names are too many", f"at most {limit}")
    return names


def _check_shown(field: str, name: str, operands: Operands) -> None:
    operand = operands.by_name.get(name)
    if operand is None:
        raise InvalidQuery(field, f"{name!r} is not a name of {operands.event_type} events", "a listed name")
    if operand.personal:
        raise InvalidQuery(field, f"{name!r} is personal", "names of values that are not personal")


def _distribution_in(given: Mapping[str, str], operands: Operands) -> str:
    name = given.get("distribution") or "score"
    _check_shown("distribution", name, operands)
    if operands.by_name[name].type != NUMBER:
        raise InvalidQuery("distribution", f"{name!r} is no number", "names of numbers; see top values")
    return name


def _default_columns(operands: Operands) -> tuple[str, ...]:
    """Amounts and entities of the type, then its other fields."""
    fields = [each for each in shown_operands(operands) if each.kind == "field"]
    fields.sort(key=lambda each: (each.divisor == 1.0, each.unit != "id"))
    return tuple(each.name for each in fields)[:DEFAULT_COLUMNS]


def _default_top(operands: Operands) -> tuple[str, ...]:
    """The first entity of the type, and the rules."""
    entities = [each.name for each in shown_operands(operands) if each.unit == "id"]
    return (*entities[:1], "rules")
