"""Event ids: a column, several columns joined by +, or a generated id for files without one."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from scoring.catalog.parsing.cells import read_text
from scoring.ingest.readers.tables import Chunk
from scoring.ingest.rejects import OWN_COLUMNS

# Instead of a column: the row number and a digest of the row's content.
ROW = "@row"


def join_id(parts: Sequence[str | None]) -> str:
    """The parts of a composite id joined by +. A + or % inside a part is escaped, so that ids are unique.

    >>> join_id(["a+b", "c"])
    'a%2Bb+c'
    """
    return "+".join([(part or "").replace("%", "%25").replace("+", "%2B") for part in parts])


def id_text(value: Any) -> str | None:
    """A cell or canonical value as text; None if it is empty. 7, 7.0 and "7.0" give the same id."""
    if value is None:
        return None
    if isinstance(value, dict) and "minor" in value:
        return str(value["minor"])
    return str(read_text(value)).strip() or None


def row_ids(chunk: Chunk) -> list[str]:
    """An id for each row, such as "row-17-5f0c9a41d2e7": its number in the file and a digest of its cells.

    The id does not depend on compression or mapping, or on rows appended to the file. Equal rows differ by
    their numbers.
    """
    return [
        f"row-{chunk.first_row + index}-{hashlib.sha256(content).hexdigest()[:12]}"
        for index, content in enumerate(_contents(chunk))
    ]


def _contents(chunk: Chunk) -> Iterator[bytes]:
    if chunk.objects:
        return (orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in chunk.objects)
    names = [name for name in chunk.columns if name not in OWN_COLUMNS]
    columns = [[id_text(value) or "" for value in chunk.columns[name]] for name in names]
    return ("\x1f".join(row).encode("utf-8", "replace") for row in zip(*columns, strict=True))
