from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.errors import InvalidEvent
from scoring.catalog.event_type import EventType, ParsedFields
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.event_types.payment import Payment
from scoring.ingest.mapping.binding import Binding
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.ingest.readers.tables import Chunk
from scoring.ingest.rows.columns import raw_value
from scoring.ingest.rows.event_rows import ParsedChunk, RowParser
from scoring.ingest.rows.row_labels import RowLabel

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RATES = {"EUR": Decimal("1.0876"), "JPY": Decimal("0.0065")}


class Order(EventType):
    """Every kind of field, required and optional."""

    name = "order"
    lane = "orders"
    buyer, shop = Entity(), Entity(optional=True)
    ip = IpAddress(optional=True)
    amount, tip = Money(), Money(optional=True)
    kind = Category(optional=True, values=("a", "b"))
    weight = Number(optional=True, minimum=0)
    gift = Flag(optional=True)
    note = Text(optional=True)


SOUND = {
    "id": "o-1",
    "occurred_at": "2019-01-01T00:03:19Z",
    "buyer": "c-1",
    "amount": "61.66",
    **dict.fromkeys(("shop", "ip", "tip", "currency", "kind", "weight", "gift", "note")),
}
# Values that are equal as keys but not as what they say (1, 1.0, True; 0.0, -0.0) stand beside each other.
WILD: Mapping[str, list[Any]] = {
    "id": ["o-1", "o-2", " o-3 ", "", None, "x" * 201, "a\x1fb", 7, 7.5, True],
    "occurred_at": [
        "2019-01-01T00:03:19Z",
        "2019-01-01T01:03:19+01:00",
        "2019-01-01 00:03",
        "2027-01-01T00:00Z",
        "",
        None,
    ],
    "buyer": ["c-1", "é", "e\u0301", "", "  ", None, 4711, 4711.0, 1, True, 1.0, 1.5, "a\nb"],
    "shop": ["s", None, 0, -0.0, 0.0, False],
    "ip": ["10.0.0.1", "::1", "nonsense", None],
    "amount": ["61.66", "61.6", "1e3", "-1", "", None, [1], 61.66, 0.0, -0.0, 0, False, 1, True, 1.0, 1.005],
    "tip": [None, "1.00", 1.0, 1, True, "x"],
    "currency": ["USD", "EUR", "JPY", "CHF", "usd", None, ""],
    "kind": ["a", "b", "c", None, 1],
    "weight": [0.0, -0.0, False, 1, True, 1.0, "5", "5.0", "5.5", "-1", "nan", "x", "", None],
    "gift": [True, 1, 1.0, False, 0, "true", "0", "x", None],
    "note": ["hello\nthere", "a\x00b", None, 5],
}  # fmt: skip
MORE: Mapping[str, st.SearchStrategy[Any]] = {
    "amount": st.one_of(
        st.decimals(min_value=0, max_value=10**6, places=2).map(str),
        st.decimals(min_value=0, max_value=10**6, places=2).map(float),
        st.floats(allow_nan=False),
    ),
    "weight": st.floats(allow_nan=False),
    "note": st.text(),
    "buyer": st.text(),
}
CELLS = {
    name: st.one_of(st.sampled_from(values), MORE.get(name, st.nothing())) for name, values in WILD.items()
}
# Mostly sound, or no row would ever be taken.
ROWS = st.sets(st.sampled_from(sorted(WILD)), max_size=3).flatmap(
    lambda wild: st.fixed_dictionaries({n: CELLS[n] if n in wild else st.just(SOUND[n]) for n in WILD})
)


def binding(kind: type[EventType] = Order, **changes: Any) -> Binding:
    names = {name: name for name in kind.payload_names() if name not in ("type", "id")}
    given: dict[str, Any] = {"id": ("id",), "columns": names, "constants": {}, "label": None}
    return Binding(kind, **{**given, **changes})


def row_parser(bound: Binding, **options: Any) -> RowParser:
    mapping = ColumnMapping(bound.event_type.name, **options)
    return RowParser(bound, mapping, now=NOW, rate_of=lambda currency, moment: RATES.get(currency))


def chunk_of(rows: Sequence[Mapping[str, Any]]) -> Chunk:
    names = dict.fromkeys(name for row in rows for name in row)
    return Chunk(1, len(rows), {name: [row.get(name) for row in rows] for name in names})


def parse_each(rows: Sequence[Mapping[str, Any]]) -> dict[int, ParsedFields]:
    """What EventType.parse makes of the rows, one payload at a time; those it refuses are absent."""
    as_sent = {"id": Entity(), "occurred_at": Text(), "currency": Text(), **Order.fields}
    parsed = {}
    for index, row in enumerate(rows):
        payload = {name: raw_value(as_sent[name], raw) for name, raw in row.items()}
        if isinstance(payload["id"], (bool, float)):
            payload["id"] = str(payload["id"]).lower()  # an id is read as text, whatever the column's type
        try:
            parsed[index] = Order.parse(payload, now=NOW, rates=RATES)
        except InvalidEvent:
            continue
    return parsed


def assert_as_row_by_row(rows: Sequence[Mapping[str, Any]]) -> None:
    parser = row_parser(binding(), usual_missing=False)
    expected = parse_each(rows)
    for _ in range(2):  # what a parser remembers of one chunk must not change the next
        parsed = parser.parse(chunk_of(rows))
        taken, reasons = parsed.rows, parsed.reasons
        assert {row.index: row.parsed for row in taken} == expected
        assert [repr(row.parsed) for row in taken] == [
            repr(parsed) for parsed in expected.values()
        ]  # 1 is not 1.0
        assert set(reasons) == set(range(len(rows))) - set(expected)


@pytest.mark.parametrize("name", WILD)
def test_a_column_gives_exactly_what_the_event_type_gives_row_by_row(name: str) -> None:
    rows = [{**SOUND, name: value} for value in WILD[name]]
    assert_as_row_by_row(rows)
    assert_as_row_by_row(rows[::-1])


@given(st.lists(ROWS, min_size=1, max_size=30))
def test_columns_give_exactly_what_the_event_type_gives_row_by_row(rows: list[dict[str, Any]]) -> None:
    assert_as_row_by_row(rows)


GOOD = {
    "id": "t-1",
    "occurred_at": "2019-01-01T00:03:19Z",
    "card": "c-1",
    "customer": "u-1",
    "merchant": "m-1",
    "amount": "61.66",
}


def parse_payment(
    row: Mapping[str, Any], *, options: Mapping[str, Any] | None = None, **changes: Any
) -> ParsedChunk:
    parser = row_parser(binding(Payment, **changes), **(options or {}))
    return parser.parse(chunk_of([{**GOOD, **row}]))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"amount": "x"}, "amount 'x' must be a decimal amount (allowed: text such as '12.34')"),
        ({"merchant": None}, "merchant is missing"),
        ({"type": "refund"}, "type is 'refund'; this import is for payment"),
        ({"id": None}, "id is empty"),
        ({"occurred_at": "2019-01-01 00:03"}, "occurred_at is a time without an offset"),
        ({"currency": "XXX"}, "currency 'XXX' is not an ISO 4217 currency"),
        ({"amount": 7.125}, "amount '7.125' has more decimals than USD has (allowed: at most 2 decimals; --"),
        ({"amount": "1,234.50"}, "amount '1,234.50' must be a decimal amount (allowed: text such as '12.34'"),
        ({"amount": "€ 12.34"}, "amount is '€ 12.34', which is not in USD (allowed: the row's currency"),
        ({"amount": "($5.00)"}, "amount '($5.00)' must not be negative"),
        ({"ip": "1.2.3"}, "ip is not an IP address"),
        ({"card": "4111 1111 1111 1111"}, "card contains a card number, which must not be stored"),
        ({"card": "4.11111E+15"}, "card is '4.11111E+15', a number whose last digits may be lost"),
        ({"merchant": 1e17}, "merchant is a number too large to be exact"),
        ({"id": "1.23457E+12"}, "id is '1.23457E+12', a number whose last digits may be lost"),
        ({"id": 1e17}, "id is a number too large to be exact"),
        ({"customer_lat": "95", "amount": "-1"}, "customer_lat '95' is more than 90 (allowed: <= 90); a"),
    ],
)  # fmt: skip
def test_a_reason_names_the_column_the_problem_and_what_is_allowed(row: dict[str, Any], said: str) -> None:
    parsed = parse_payment(row)
    assert not parsed.rows
    assert parsed.reasons[0].startswith(said)


def test_a_currency_that_is_none_is_the_only_reason() -> None:
    reasons = parse_payment({"currency": "BTC"}).reasons
    assert reasons[0].startswith("currency 'BTC' is not an ISO 4217 currency")
    assert "amount" not in reasons[0]


def test_a_time_that_is_wrong_and_part_of_the_id_is_not_called_empty() -> None:
    reasons = parse_payment({"occurred_at": "yesterday"}, id=("id", "occurred_at")).reasons
    assert reasons[0].startswith("occurred_at is 'yesterday', not a time with a time zone")
    assert "empty" not in reasons[0]
    reasons = parse_payment({"occurred_at": " "}, id=("id", "occurred_at")).reasons
    assert "occurred_at is empty, but part of the id id+occurred_at" in reasons[0]


def test_a_problem_names_the_field_and_its_mapped_column() -> None:
    columns = {**binding(Payment).columns, "merchant": "shop"}
    parsed = parse_payment({"shop": ""}, columns=columns)
    assert parsed.reasons[0] == "merchant (column shop) is missing"


def test_times_without_offset_are_those_of_the_given_zone() -> None:
    parsed = parse_payment({"occurred_at": "2019-07-01 12:00:00"}, options={"timezone": "Europe/Berlin"})
    assert parsed.rows[0].parsed.occurred_at == datetime(2019, 7, 1, 10, tzinfo=UTC)
    parsed = parse_payment({"occurred_at": "2019-07-01T12:00:00Z"}, options={"timezone": "Europe/Berlin"})
    assert parsed.rows[0].parsed.occurred_at == datetime(2019, 7, 1, 12, tzinfo=UTC)


def test_a_composite_id_is_the_same_however_its_parts_are_stored() -> None:
    as_text = parse_payment(
        {"occurred_at": "2019-01-01T01:03:19+01:00", "nr": "7"}, id=("nr", "occurred_at", "card")
    )
    as_number = parse_payment({"nr": 7, "card": "c-1 "}, id=("nr", "occurred_at", "card"))
    ids = [parsed.rows[0].parsed.external_id for parsed in (as_text, as_number)]
    assert ids == ["7+2019-01-01T00:03:19Z+c-1"] * 2


def test_two_different_composite_ids_never_meet() -> None:
    one = parse_payment({"id": "a+b", "card": "c"}, id=("id", "card"))
    other = parse_payment({"id": "a", "card": "b+c"}, id=("id", "card"))
    assert one.rows[0].parsed.external_id == "a%2Bb+c" != other.rows[0].parsed.external_id


OCCURRED_AT, LATER = datetime(2019, 1, 1, 0, 3, 19, tzinfo=UTC), datetime(2019, 1, 9, tzinfo=UTC)
DAY_END = datetime(2019, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)
LABEL = LabelMapping("is_fraud", {"1": "fraud", "0": "legitimate"}, "known")


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({"is_fraud": 1, "known": "2019-01-09T00:00:00Z"}, RowLabel("fraud", LATER)),
        ({"is_fraud": "0", "known": "2019-01-09T00:00:00Z"}, RowLabel("legitimate", LATER)),
        ({"is_fraud": 1.0, "known": "2019-01-09T00:00:00Z"}, RowLabel("fraud", LATER)),
        ({"is_fraud": 1}, RowLabel("fraud", OCCURRED_AT + timedelta(days=45))),
        ({"is_fraud": None, "known": "2019-01-09T00:00:00Z"}, None),
        ({"is_fraud": " "}, None),
        ({"is_fraud": "1.0", "known": "2019-01-09T00:00:00Z"}, RowLabel("fraud", LATER)),
        ({"is_fraud": True, "known": "2019-01-09T00:00:00Z"}, RowLabel("fraud", LATER)),
        ({"is_fraud": "False", "known": "2019-01-09T00:00:00Z"}, RowLabel("legitimate", LATER)),
        ({"is_fraud": "NULL", "known": "2019-01-09T00:00:00Z"}, None),
        ({"is_fraud": 1, "known": "2019-01-09"}, RowLabel("fraud", DAY_END.replace(day=9))),
        ({"is_fraud": 1, "known": "2019-01-01"}, RowLabel("fraud", DAY_END)),
        ({"is_fraud": 1, "known": "2019-01-01T00:00:00Z"}, RowLabel("fraud", DAY_END)),
        ({"is_fraud": 1, "known": "2018-12-31"}, RowLabel("fraud", OCCURRED_AT)),  # a day further west
    ],
)  # fmt: skip
def test_a_label_has_a_time_at_which_it_became_known(row: dict[str, Any], label: RowLabel | None) -> None:
    parsed = parse_payment(row, label=LABEL)
    assert not parsed.reasons
    assert not parsed.label_problems
    assert parsed.rows[0].label == label


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"is_fraud": 2}, "is_fraud is '2' (allowed: 1, 0)"),
        (
            {"is_fraud": 1, "known": "2018-12-31T00:00:00Z"},
            "known is before the event (2019-01-01T00:03:19Z)",
        ),
        ({"is_fraud": 1, "known": "2018-12-30"}, "known is before the event (2019-01-01T00:03:19Z)"),
        ({"is_fraud": 1, "known": "soon"}, "known is 'soon', not a time with a time zone"),
    ],
)
def test_a_label_that_cannot_be_costs_the_label_and_not_the_event(row: dict[str, Any], said: str) -> None:
    parsed = parse_payment(row, label=LABEL)
    assert not parsed.reasons
    assert [taken.label for taken in parsed.rows] == [None]
    assert parsed.label_problems[0].startswith(said)


def test_constants_apply_to_every_row() -> None:
    names = {name: name for name in binding(Payment).columns if name != "currency"}
    parser = row_parser(binding(Payment, columns=names, constants={"currency": "EUR"}))
    parsed = parser.parse(chunk_of([GOOD, {**GOOD, "id": "t-2"}]))
    assert [row.parsed.fields["amount"]["currency"] for row in parsed.rows] == ["EUR", "EUR"]


def test_malformed_rows_keep_their_own_reason() -> None:
    chunk = Chunk(1, 2, {name: [None, value] for name, value in GOOD.items()}, {0: "has 1 cells"})
    parsed = row_parser(binding(Payment)).parse(chunk)
    assert [row.index for row in parsed.rows] == [1]
    assert parsed.reasons == {0: "has 1 cells"}


@pytest.mark.parametrize("value", ["payment", "PAYMENT", "web", None, 7])
def test_a_column_of_types_that_names_no_other_type_says_nothing(value: Any) -> None:
    assert parse_payment({"type": value}).rows


def test_a_column_of_types_may_be_mapped_to_a_field() -> None:
    names = {name: name for name in Payment.fields}
    columns = {**names, "occurred_at": "occurred_at", "category": "type"}
    (row,) = parse_payment({"type": "refund"}, columns=columns).rows
    assert row.parsed.fields["category"] == "refund"
