from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.arrow_values import read_values
from scoring.ingest.readers.opening import open_table
from scoring.ingest.readers.parquet_reader import frame_table
from scoring.ingest.readers.tables import SourceTable


def rows_of(table: SourceTable, *, skip: int = 0, size: int = 3) -> list[tuple[int, dict[str, Any]]]:
    return [
        (chunk.first_row + index, {name: column[index] for name, column in chunk.columns.items()})
        for chunk in table.chunks(skip, size, None)
        for index in range(chunk.length)
        if index not in chunk.malformed
    ]


def malformed(table: SourceTable, *, size: int = 3) -> dict[int, str]:
    return {
        chunk.first_row + index: problem
        for chunk in table.chunks(0, size, None)
        for index, problem in chunk.malformed.items()
    }


def written(directory: Path, name: str, content: bytes) -> SourceTable:
    (directory / name).write_bytes(content)
    return open_table(directory / name)


def test_csv_cells_are_texts_and_empty_ones_are_missing(tmp_path: Path) -> None:
    table = written(tmp_path, "a.csv", b'\xef\xbb\xbfid,amount,name\n1,61.60,"a, ""b""\nc"\n2,,x\n\n3,1,y\n')
    assert table.columns == ("id", "amount", "name")
    assert rows_of(table) == [
        (1, {"id": "1", "amount": "61.60", "name": 'a, "b"\nc'}),
        (2, {"id": "2", "amount": None, "name": "x"}),
        (3, {"id": "3", "amount": "1", "name": "y"}),
    ]


def test_an_unreadable_csv_row_spoils_itself_only(tmp_path: Path) -> None:
    table = written(tmp_path, "a.csv", b"id,name\n1,a\n2\n3,b,c\n4,\xff\n5,\xc3\xa4\n")
    assert [number for number, _ in rows_of(table)] == [1, 5]
    assert rows_of(table)[1][1]["name"] == "ä"
    assert malformed(table) == {
        2: "line 3 has 1 cells where the header has 2",
        3: "line 4 has 3 cells where the header has 2",
        4: "line 5 is not UTF-8",
    }


def test_json_lines_keep_types_and_report_lines_that_are_not_rows(tmp_path: Path) -> None:
    table = written(
        tmp_path, "a.jsonl", b'{"id":"1","amount":61.66}\n\n[1]\n{"id":2,"flag":true}\nnonsense\n'
    )
    assert table.columns is None
    assert rows_of(table) == [
        (1, {"id": "1", "amount": 61.66, "flag": None}),
        (3, {"id": 2, "amount": None, "flag": True}),
    ]
    assert malformed(table)[2] == "line 3 is not a JSON object"
    assert malformed(table)[4].startswith("line 5 is not JSON")


@pytest.mark.parametrize(
    ("array", "plain"),
    [
        (pa.array([61.66, None, float("nan"), 1e16]), [61.66, None, None, 1e16]),
        (pa.array(np.array([37.824, -82.794, 0.1], dtype="float32")), [37.824, -82.794, 0.1]),
        (pa.array([37.824, None], type=pa.float32()), [37.824, None]),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", None, "a"]),
        (pa.array([Decimal("61.60"), None]), ["61.60", None]),
        (pa.array([1, None], type=pa.int16()), [1, None]),
        (pa.array([True, None]), [True, None]),
        (
            pa.array([datetime(2019, 1, 1, tzinfo=UTC), None], pa.timestamp("ms", tz="Europe/Berlin")),
            ["2019-01-01T00:00:00Z", None],
        ),
        (
            pa.array([datetime(2019, 1, 1, 0, 3, 19, 500000, tzinfo=UTC)], type=pa.timestamp("ns", tz="UTC")),
            ["2019-01-01T00:03:19.500000Z"],
        ),
        (pa.array([0], type=pa.timestamp("us")), ["1970-01-01T00:00:00"]),
    ],
)  # fmt: skip
def test_arrow_values_become_readable_values(array: pa.Array, plain: Sequence[Any]) -> None:
    assert read_values(pa.chunked_array([array])) == (plain, {})


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("skip", [0, 1, 3, 4, 6, 7])
def test_chunks_go_on_after_any_row(tmp_path: Path, name: str, skip: int) -> None:
    frame = pd.DataFrame({"id": [f"e{i}" for i in range(7)]})
    path = tmp_path / name
    if name == "a.csv":
        frame.to_csv(path, index=False)
    elif name == "a.jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        pq.write_table(pa.Table.from_pandas(frame), path, row_group_size=2)
    chunks = list(open_table(path).chunks(skip, 3, None))
    assert [c.first_row for c in chunks] == list(range(skip + 1, 8, 3))
    assert [value for c in chunks for value in c.columns["id"]] == [f"e{i}" for i in range(skip, 7)]


def test_the_content_names_a_table_and_not_its_path(tmp_path: Path) -> None:
    one = written(tmp_path, "a.csv", b"id\n1\n")
    assert one.digest == written(tmp_path, "b.csv", b"id\n1\n").digest
    assert one.digest != written(tmp_path, "c.csv", b"id\n2\n").digest
    frame = pd.DataFrame({"id": ["1"], "amount": [1.5]})
    assert frame_table(frame).digest == frame_table(frame.copy()).digest != frame_table(frame * 2).digest


def test_a_frame_of_decimals_and_times_reads_like_a_file() -> None:
    frame = pd.DataFrame(
        {
            "amount": [Decimal("61.60"), None],
            "at": pd.to_datetime(["2019-01-01T00:00:00Z", None], utc=True),
            "n": [1, None],
        }
    )
    assert rows_of(frame_table(frame)) == [
        (1, {"amount": "61.60", "at": "2019-01-01T00:00:00Z", "n": 1.0}),
        (2, {"amount": None, "at": None, "n": None}),
    ]


def test_a_frame_column_of_mixed_types_is_named() -> None:
    with pytest.raises(UnreadableImport, match="column 'x'"):
        frame_table(pd.DataFrame({"x": ["a", 1]}))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"", "its extension names no format; use one of .csv"),
        ("a.csv", b"", "no header"),
        ("a.csv", b"id,x,id\n", "header repeats id"),
        ("a.parquet", b"nonsense", "has the extension of a Parquet file but is not one"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(UnreadableImport, match=said):
        written(tmp_path, name, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImport, match="no such file"):
        open_table(tmp_path / "a.csv")
