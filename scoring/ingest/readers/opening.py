"""Opens a file or an upload of any supported format as a table."""

from collections.abc import Callable, Mapping
from pathlib import Path

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.content import PARQUET, Content, file_content
from scoring.ingest.readers.csv_reader import open_csv
from scoring.ingest.readers.json_reader import open_json
from scoring.ingest.readers.options import READ_AS_FOUND, ReadOptions
from scoring.ingest.readers.parquet_reader import open_parquet
from scoring.ingest.readers.tables import SourceTable

FORMATS = {
    "csv": "csv",
    "tsv": "csv",
    "txt": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
    "parquet": "parquet",
    "pq": "parquet",
}
_PACKED = frozenset({"gz", "gzip", "bz2", "xz", "zip", "zst", "zstd"})


def open_table(path: Path, options: ReadOptions = READ_AS_FOUND) -> SourceTable:
    """A file as a table, with its format detected from content and file name. Raises UnreadableImport."""
    return table_of(file_content(path), options)


def table_of(content: Content, options: ReadOptions) -> SourceTable:
    """The content as a table. Raises UnreadableImport."""
    return READERS[options.form or _form_of(content)](content, options)


def _form_of(content: Content) -> str:
    """The format: Parquet and JSON are detected from the content, others from the file name."""
    head = content.head(4096)
    if head.startswith(PARQUET):
        return "parquet"
    said = FORMATS.get(_ending(content.name), "") or FORMATS.get(_ending(content.file_name), "")
    if said == "parquet":
        raise UnreadableImport(content.name, "it has the extension of a Parquet file but is not one")
    first = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")[:2].replace(b"\x00", b"")
    if first.startswith(b"{"):
        return "jsonl"
    if not said:
        known = ", ".join(f".{ending}" for ending in FORMATS)
        raise UnreadableImport(
            content.name,
            f"its extension names no format; use one of {known} (also compressed: .gz ...) or --format",
        )
    return said


def _ending(name: str) -> str:
    """The last file name extension that is not a compression format.

    >>> _ending("payments.2025.CSV.gz")
    'csv'
    """
    endings = [ending for ending in name.lower().split(".")[1:] if ending not in _PACKED]
    return endings[-1] if endings else ""


READERS: Mapping[str, Callable[[Content, ReadOptions], SourceTable]] = {
    "csv": open_csv,
    "jsonl": open_json,
    "json": open_json,
    "parquet": open_parquet,
}
