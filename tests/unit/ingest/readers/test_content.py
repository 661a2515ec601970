"""Packed files are read as what is in them; damage is said in words."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.content import bytes_content
from scoring.ingest.readers.opening import open_table
from scoring.ingest.readers.options import ReadOptions
from tests.factories.tables import open_bytes

PLAIN = b"id,amount\n1,2.50\n2,3.50\n"


def zstandard(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(content)
    return sink.getvalue().to_pybytes()


def zipped(content: bytes, **others: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/a.csv", content)
        archive.writestr("__MACOSX/export/._a.csv", b"clutter")
        for name, more in others.items():
            archive.writestr(name, more)
    return sink.getvalue()


PACKINGS = [gzip.compress, bz2.compress, lzma.compress, zstandard, zipped]


@pytest.mark.parametrize("pack", PACKINGS)
@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv"])  # whatever the name says of the packing
def test_a_packed_file_is_the_table_in_it(pack: Callable[[bytes], bytes], name: str) -> None:
    table = open_bytes(pack(PLAIN), name=name)
    (chunk,) = table.chunks(0, 10, None)
    assert dict(chunk.columns) == {"id": ["1", "2"], "amount": ["2.50", "3.50"]}
    assert table.digest == open_bytes(PLAIN, name="a.csv").digest  # packing makes no other import of it


def test_the_format_of_an_archived_file_is_detected() -> None:
    assert open_bytes(zipped(PLAIN), name="export.zip").columns == ("id", "amount")


def test_json_lines_may_be_packed_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1}\n'))
    (chunk,) = open_table(tmp_path / "a.jsonl.gz").chunks(0, 10, None)
    assert dict(chunk.columns) == {"id": [1]}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_file_that_is_cut_off_says_so(pack: Callable[[bytes], bytes]) -> None:
    rows = b"".join(b"%d,%d.50\n" % (n, n * n) for n in range(20_000))
    packed = pack(b"id,amount\n" + rows)
    with pytest.raises(UnreadableImport, match="data is damaged or truncated"):
        open_bytes(packed[: len(packed) // 2], name="a.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(gzip.compress(PLAIN, mtime=0), mtime=0), "compressed twice"),
        (gzip.compress(b"PAR1....", mtime=0), "compressed Parquet file"),
        (zipped(PLAIN, **{"b.csv": PLAIN}), "zip archive of 2 files"),
        (zipped(PLAIN, **{"[Content_Types].xml": b""}), "is an Excel workbook; save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an Excel workbook"),
        (b"SQLite format 3\x00", "is an SQLite database"),
        (b"\xef\xbb\xbf\r\n<HTML><body><table>", "is HTML or XML"),
        (b"<?xml version='1.0'?><Workbook>", "is HTML or XML"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive"),
        (b"ARROW1\x00\x00", "Arrow"),
        (b"\x00\x01\x02\x00\x05\x00\x00\x00" * 20, "neither Parquet nor text"),
    ],
)
def test_unsupported_formats_are_named(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableImport, match=said):
        open_bytes(content, name="a.csv")


def test_an_upload_unpacks_to_a_bounded_size() -> None:
    bomb = gzip.compress(b"id,amount\n" + b"1,2\n" * 100_000)
    with pytest.raises(UnreadableImport, match="larger than 10,000 bytes"):
        open_bytes(bomb, name="a.csv.gz", max_bytes=10_000)
    assert bytes_content(bomb, name="a.csv.gz", max_bytes=10**6).packing == "gzip"


def test_a_format_can_be_named_where_the_ending_says_nothing() -> None:
    with pytest.raises(UnreadableImport, match="its extension names no format"):
        open_bytes(PLAIN, name="export.dat")
    assert open_bytes(PLAIN, name="export.dat", options=ReadOptions(form="csv")).columns == ("id", "amount")
