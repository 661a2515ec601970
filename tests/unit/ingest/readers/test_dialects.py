"""Separators, encodings and headers as spreadsheets and other programs write them."""

from collections.abc import Mapping
from typing import Any

import pytest

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.options import ReadOptions
from tests.factories.tables import open_bytes


def columns_of(content: bytes, **options: Any) -> Mapping[str, Any]:
    table = open_bytes(content, name="a.csv", options=ReadOptions(**options))
    return {name: values for chunk in table.chunks(0, 100, None) for name, values in chunk.columns.items()}


NAMES = {"id": ["1", "2"], "name": ["Müller", "Café, Bar"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separator_and_encoding_are_detected_from_the_content(delimiter: str, encoding: str) -> None:
    text = f'id,name\n1,Müller\n2,"Café, Bar"\n'.replace("id,", f"id{delimiter}")  # noqa: F541
    text = text.replace("1,", f"1{delimiter}").replace("2,", f"2{delimiter}")
    assert columns_of(text.encode(encoding)) == NAMES


@pytest.mark.parametrize(
    ("text", "encoding"), [("Привет мир", "cp1251"), ("Żółć gęślą jaźń", "cp1250"), ("セブン", "shift_jis")]
)
def test_an_ambiguous_encoding_must_be_given(text: str, encoding: str) -> None:
    content = f"id,name\n1,{text}\n".encode(encoding)
    with pytest.raises(UnreadableImport, match="not UTF-8; name its encoding"):
        columns_of(content)
    assert columns_of(content, encoding=encoding)["name"] == [text]


def test_a_few_bad_bytes_among_utf_8_spoil_their_rows_only() -> None:
    table = open_bytes(b"id,name\n1,\xff\n2,\xc3\xa4\n", name="a.csv")
    (chunk,) = table.chunks(0, 10, None)
    assert chunk.malformed == {0: "line 2 is not UTF-8"}
    assert chunk.columns["name"][1] == "ä"


@pytest.mark.parametrize("encoding", ["utf-9", "base64", "rot13"])
def test_an_unknown_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(UnreadableImport, match="is not an encoding"):
        columns_of(b"id\n1\n", encoding=encoding)


def test_names_are_trimmed_and_empty_ones_at_the_end_dropped() -> None:
    table = open_bytes(b" id ,amount, currency,,\n1,2.50,USD,,\n2,2.50,USD\n3,2.50,USD,,x\n", name="a.csv")
    (chunk,) = table.chunks(0, 10, None)
    assert table.columns == ("id", "amount", "currency")
    assert chunk.columns["currency"] == ["USD", "USD", "USD"]
    assert chunk.others == ("(column 5)",)  # it holds something, and is listed as not used


def test_a_column_without_a_name_is_called_by_its_place() -> None:
    assert columns_of(b",id,amount\n0,a,1\n") == {"(column 1)": ["0"], "id": ["a"], "amount": ["1"]}


def test_rows_without_any_value_are_passed_over_and_counted() -> None:
    table = open_bytes(b"id,x\n\n1,a\n,\n  \n2,b\n,,,\n", name="a.csv")
    (chunk,) = table.chunks(0, 10, None)
    assert (chunk.length, chunk.blank, list(chunk.lines)) == (2, 4, [3, 6])
    assert table.count() == 2


@pytest.mark.parametrize("skip", range(8))
def test_a_resumed_reading_counts_blank_rows_once(skip: int) -> None:
    table = open_bytes(b"id,x\n\n1,a\n,\n2,b\n3,c\n\n", name="a.csv")
    before, after = next(iter(table.chunks(0, 100, None))), list(table.chunks(skip, 2, None))
    ids = [value for chunk in after for value in chunk.columns["id"]]
    first = after[0].first_row if after else 4
    assert ids == before.columns["id"][first - 1 :]
    assert sum(chunk.length + chunk.blank for chunk in after) == max(0, 6 - skip)


@pytest.mark.parametrize(
    "before",
    [b"sep=;\n", b"# export of March\n# by the acquirer\n", b"\n\n", b"# one; remark\n"],
)
def test_lines_before_the_header_are_passed_over(before: bytes) -> None:
    assert columns_of(before + b"id;name;amount\n1;a;3,50\n")["amount"] == ["3,50"]


def test_a_header_that_begins_with_a_number_sign_is_a_header() -> None:
    assert columns_of(b"#,id,name\n1,a,b\n") == {"#": ["1"], "id": ["a"], "name": ["b"]}


def test_a_title_can_be_skipped() -> None:
    assert columns_of(b"Disputes\nMarch, 2025\nid,name\n1,a\n", skip_lines=2) == {"id": ["1"], "name": ["a"]}


def test_blanks_after_separators_are_no_part_of_quoted_cells() -> None:
    assert columns_of(b'id, name\n1, "a, b"\n')["name"] == ["a, b"]


def test_a_header_of_many_columns_is_refused_without_work() -> None:
    with pytest.raises(UnreadableImport, match="has 900,001 columns; at most 10,000"):
        columns_of(b"a," * 900_000 + b"\n")


def test_a_message_names_a_few_of_many_repeated_columns() -> None:
    header = ",".join(f"c{n % 3000}" for n in range(6000)).encode()
    with pytest.raises(UnreadableImport, match="and 2,990 more") as raised:
        columns_of(header + b"\n")
    assert len(str(raised.value)) < 400


def test_a_name_in_quotes_may_hold_line_breaks() -> None:
    table = open_bytes(b'id,"amount\r\n(USD)",note\r\np1,5,a\r\np2,6,b\r\n', name="a.csv")
    assert table.columns == ("id", "amount (USD)", "note")
    (chunk,) = table.chunks(0, 10, None)
    assert (chunk.columns["id"], list(chunk.lines), dict(chunk.malformed)) == (["p1", "p2"], [3, 4], {})


def test_a_stray_quote_in_a_header_takes_no_row_with_it() -> None:
    table = open_bytes(b'id,size 5"\np1,5"\np2,6\n', name="a.csv")
    assert table.count() == 2
