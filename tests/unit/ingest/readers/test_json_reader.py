"""JSON Lines and JSON documents, row by row."""

import json
from typing import Any

import pandas as pd
import pytest

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.tables import Chunk, SourceTable
from tests.factories.tables import open_bytes

ROWS = [{"id": f"e{n}", "text": 'a "]}," b' * n, "n": n / 3} for n in range(300)]


def rows_of(table: SourceTable, *, skip: int = 0, size: int = 7) -> list[dict[str, Any]]:
    return [dict(row) for chunk in table.chunks(skip, size, None) for row in chunk.objects]


def read(content: bytes) -> list[Chunk]:
    return list(open_bytes(content, name="a.json").chunks(0, 100, None))


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_array_is_its_elements(indent: int | None, encoding: str) -> None:
    table = open_bytes(json.dumps(ROWS, indent=indent).encode(encoding), name="a.json")
    assert rows_of(table) == ROWS
    assert rows_of(table, skip=290) == ROWS[290:]
    assert table.count() == len(ROWS)


def test_objects_over_several_lines_are_read_one_after_another() -> None:
    table = open_bytes("\n".join(json.dumps(row, indent=1) for row in ROWS[:5]).encode(), name="a.json")
    assert rows_of(table) == ROWS[:5]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    table = open_bytes(b'\xef\xbb\xbf{"id": 1}\n{"id": 2}\n', name="a.jsonl")
    assert rows_of(table) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    "line", ['{"a": 1, "a": 2}', '{"a":1,"b":{"c":1,"c":2}}', '{"a" : 1, "a":2}', '{"\\u0061":1,"a":2}']
)
def test_a_key_that_is_there_twice_rejects_its_row(line: str) -> None:
    for content in (f'{{"a": 0}}\n{line}\n', f'[{{"a": 0}},\n{line}, {{"a": 3}}]'):
        (chunk,) = open_bytes(content.encode(), name="a.json").chunks(0, 10, None)
        assert list(chunk.malformed) == [1]
        assert "line 2 repeats the key" in chunk.malformed[1]


def test_a_text_with_colons_and_quotes_is_no_repeated_key() -> None:
    (chunk,) = open_bytes(b'{"a":"x\\":1,\\"a\\":2"}\n', name="a.jsonl").chunks(0, 10, None)
    assert not chunk.malformed


def test_nan_is_missing_as_programs_write_it() -> None:
    assert rows_of(open_bytes(b'{"a": NaN, "b": 1}\n', name="a.jsonl")) == [{"a": None, "b": 1}]


def test_an_array_that_breaks_off_is_read_to_there_and_says_so() -> None:
    whole = json.dumps(ROWS[:4]).encode()
    (chunk,) = open_bytes(whole[:-60], name="a.json").chunks(0, 10, None)
    assert chunk.length == len(chunk.malformed) + 3
    assert "nothing after it can be read" in chunk.malformed[3]
    (chunk,) = open_bytes(whole[:-1], name="a.json").chunks(0, 10, None)
    assert chunk.malformed == {4: "line 1 ends the file before the array ends"}


def test_only_wanted_names_become_columns() -> None:
    content = b"".join(b'{"id": %d, "x%d": 1}\n' % (n, n) for n in range(50))
    (chunk,) = open_bytes(content, name="a.jsonl").chunks(0, 100, {"id"})
    assert list(chunk.columns) == ["id"]
    assert len(chunk.others) == 50


def test_a_whole_number_of_many_digits_keeps_them_all() -> None:
    number = 123456789012345678901234567890
    assert read(b'{"id": %d}\n' % number)[0].columns["id"] == [number]


def test_lists_and_objects_are_problems_of_their_own_cells() -> None:
    chunk = read(b'{"id": {"a": 1}, "card": "c"}\n{"id": "p2", "card": ["c"]}\n')[0]
    assert (chunk.columns["id"], chunk.columns["card"]) == ([None, "p2"], ["c", None])
    assert chunk.unreadable["id"] == {0: "is an object, which is not a single value"}
    assert chunk.unreadable["card"] == {1: "is a list, which is not a single value"}
    assert chunk.lists == {"id": {}, "card": {1: ["c"]}}


@pytest.mark.parametrize("indent", [None, 1])
def test_rows_in_a_list_within_an_object_are_refused_with_the_way_to_them(indent: int | None) -> None:
    wrapped = {"object": "list", "data": [{"id": "p1", "card": "c", "amount": 1}], "has_more": False}
    with pytest.raises(UnreadableImport, match=r"under the key 'data'.*jq -c '\.\[\"data\"\]\[\]'"):
        read(json.dumps(wrapped, indent=indent).encode())


def test_an_event_with_a_list_of_its_parts_is_a_row() -> None:
    row = {"id": "p1", "card": "c", "amount": 1, "items": [{"sku": "a", "count": 1}]}
    assert read(json.dumps(row).encode())[0].columns["id"] == ["p1"]


def test_names_are_trimmed_as_in_a_header() -> None:
    assert read(b'{" id": "p1", "card ": "c"}\n')[0].columns == {"id": ["p1"], "card": ["c"]}
    assert "differ only in blanks" in read(b'{"id": "p1", "id ": "p2"}\n')[0].malformed[0]


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": 1}]\n[{"id": 2}]\n',
        '[{"id": 1}] {"id": 2}',
        '{"id": 1},\n{"id": 2},\n',
        '[\n{"id": 1},\n{"id": 2},\n]\n',
    ],
)
def test_objects_after_an_array_or_a_comma_are_read_too(text: str) -> None:
    assert [chunk.columns["id"] for chunk in read(text.encode())] == [[1, 2]]


def test_text_after_an_array_is_a_row_that_cannot_be_read() -> None:
    (chunk,) = read(b'[{"id": 1}]\nand so on')
    assert (chunk.length, list(chunk.malformed)) == (2, [1])


def test_a_row_that_is_nested_too_deeply_is_unreadable() -> None:
    for name in (
        b'{"id":\n' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"id":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ):
        (chunk,) = read(name)
        assert "is not JSON" in chunk.malformed[0]


@pytest.mark.parametrize("orient", ["columns", "index", "split"])
def test_a_table_that_is_no_list_of_rows_is_refused_with_a_way_to_one(orient: Any) -> None:
    frame = pd.DataFrame({"id": ["p1", "p2"], "card": ["c", "c"]})
    with pytest.raises(UnreadableImport, match="an object for each row"):
        read(frame.to_json(orient=orient).encode())
