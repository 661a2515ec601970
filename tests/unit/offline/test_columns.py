"""Entries parsed as whole columns hold what each says by itself."""

from datetime import UTC, datetime

import numpy as np
import orjson
import pyarrow as pa
import pytest

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.log.entries import canonical_json
from scoring.log.texts import Texts
from scoring.offline.columns import (
    EVENT_HEAD,
    coded,
    event_schema,
    event_table,
    integers,
    numbers,
    order_table,
    rows_by_type,
)
from scoring.timestamps import to_micros

AT = datetime(2026, 3, 1, 12, 0, 0, 123, tzinfo=UTC)


class Parcel(EventType):
    name, lane = "parcel", "post"
    sender, ip = Entity(), IpAddress(optional=True)
    value, weight = Money(optional=True), Number(optional=True)
    fragile, kind = Flag(optional=True), Category(optional=True)
    note = Text(optional=True, personal=False)


def texts(*data, types=(), streams=(), packed=()) -> Texts:
    n = len(data)
    return Texts(
        positions=np.arange(1, n + 1) * 10,
        epochs=np.ones(n, dtype=np.int64),
        txids=np.arange(n) + 500,
        streams=list(streams) or [f"parcel/shop/{row}" for row in range(n)],
        types=np.array(types or ["event.received"] * n, dtype=object),
        data=[canonical_json(entry) for entry in data],
        packed=list(packed) or [None] * n,
        recorded_at_us=np.full(n, to_micros(AT)),
    )


def parcel(number: int, **fields):
    return {
        "type": "parcel",
        "source": "shop",
        "id": f"P-{number}",
        "occurred_at": AT,
        "history": number % 2 == 0,
        "fields": {"sender": "ann", **fields},
    }


def test_every_kind_of_field_comes_out_as_it_went_in():
    table = event_table(
        Parcel,
        texts(
            parcel(
                1,
                ip="d1ge57",
                value={"minor": 1234, "currency": "USD"},
                weight=5,
                fragile=True,
                kind="böx",
                note='"\n',
            ),
            parcel(2, value={"minor": 1, "currency": "EUR", "rate": "1.1", "base_minor": 110}, weight=0.1),
            parcel(3, fragile=False),
        ),
    )
    assert table.schema == event_schema(Parcel)
    rows = table.drop_columns(
        [name for name in EVENT_HEAD if name not in ("_id", "_occurred_at", "_history")]
    )
    missing = dict.fromkeys(("ip", "value", "weight", "fragile", "kind", "note", *Parcel.signals))
    assert rows.to_pylist() == [
        {
            "_id": "P-1",
            "_occurred_at": AT,
            "_history": False,
            "sender": "ann",
            "ip": "d1ge57",
            "value": 1234,
            "weight": 5.0,
            "fragile": True,
            "kind": "böx",
            "note": '"\n',
            **dict.fromkeys(Parcel.signals),
        },
        {
            "_id": "P-2",
            "_occurred_at": AT,
            "_history": True,
            "sender": "ann",
            **missing,
            "value": 110,
            "weight": 0.1,
        },
        {
            "_id": "P-3",
            "_occurred_at": AT,
            "_history": False,
            "sender": "ann",
            **missing,
            "fragile": False,
        },
    ]
    assert integers(table["_position"]).tolist() == [10, 20, 30]
    assert integers(table["_occurred_at"]).tolist() == [to_micros(AT)] * 3
    assert numbers(table["fragile"]).tobytes() == np.array([1.0, np.nan, 0.0]).tobytes()


@pytest.mark.parametrize("number", [0.1, 1e-7, 1 / 3, 123456.789, 2**53, -0.0, 5e-324, 37.77490000000001])
def test_numbers_are_those_that_a_json_parser_reads(number):
    table = event_table(Parcel, texts(parcel(1, weight=number)))
    expected = float(orjson.loads(canonical_json({"x": number}))["x"])
    assert numbers(table["weight"]).tobytes() == np.array([expected]).tobytes()


def test_only_the_requested_fields_are_parsed():
    table = event_table(Parcel, texts(parcel(1, kind="box", weight=1)), fields=["kind"])
    assert table.schema.names == [*EVENT_HEAD, "kind"]


@pytest.mark.parametrize("share", [0.5, 1 / 3, 2 / 7])
def test_signals_of_texts_have_columns_of_their_own(share):
    told = parcel(1, note="d1ge57") | {"signals": {"note.length": 17, "note.capitals": share}}
    wanted = ["sender", "note.length", "note.capitals", "note.digits"]
    table = event_table(Parcel, texts(told, parcel(2)), fields=wanted)
    assert set(table.schema.names) == {*EVENT_HEAD, *wanted}
    columns = [numbers(table[name]).tolist() for name in wanted[1:]]
    np.testing.assert_equal(columns, [[17.0, np.nan], [share, np.nan], [np.nan, np.nan]])


def test_a_page_without_events_has_the_columns_all_the_same():
    assert event_table(Parcel, texts()).schema == event_schema(Parcel)


@pytest.mark.parametrize("dictionary", [True, False])
def test_codes_name_only_strings_that_occur(dictionary):
    column = pa.chunked_array([pa.array(["a", "b", None]), pa.array(["c", "a", "z"])])
    column = (column.dictionary_encode() if dictionary else column).slice(1, 4)  # without the first and "z"
    names = coded(column)
    assert [None if code < 0 else names.uniques[code] for code in names.codes] == ["b", None, "c", "a"]
    assert sorted(names.uniques) == ["a", "b", "c"]


def test_no_rows_have_no_codes():
    assert coded(pa.chunked_array([], pa.dictionary(pa.int32(), pa.string()))).uniques == []
    assert coded(pa.chunked_array([], pa.string())).codes.tolist() == []


def test_a_lanes_order_is_a_row_an_item():
    heads = [{"order": 3, "first_seq": 7, "count": 2}, {"order": 3, "first_seq": 9, "count": 1}]
    packed = [np.array([40, 20], dtype="<i8").tobytes(), np.array([30], dtype="<i8").tobytes()]
    table = order_table(texts(*heads, streams=["lane/post"] * 2, packed=packed))
    chosen = table.select(["lane", "lane_order", "seq", "position", "sequenced_at"]).to_pylist()
    assert [tuple(row.values()) for row in chosen] == [
        ("post", 3, 7, 40, 10),
        ("post", 3, 8, 20, 10),
        ("post", 3, 9, 30, 20),
    ]


def test_event_types_are_distinguished_by_their_streams():
    entries = texts(
        *[{}] * 4,
        types=["event.received", "label.recorded", "event.received", "event.received"],
        streams=["a/x/1", "label/a/x/1", "b/x/1", "a/x/2"],
    )
    assert {name: rows.tolist() for name, rows in rows_by_type(entries).items()} == {"a": [0, 3], "b": [2]}
