"""Tables of bytes, as an uploaded file has them."""

from scoring.ingest.readers.content import bytes_content
from scoring.ingest.readers.opening import table_of
from scoring.ingest.readers.options import READ_AS_FOUND, ReadOptions
from scoring.ingest.readers.tables import SourceTable


def open_bytes(
    content: bytes, *, name: str, options: ReadOptions = READ_AS_FOUND, max_bytes: int | None = None
) -> SourceTable:
    """An upload as a table; `max_bytes` bounds what it may unpack to. Raises UnreadableImport."""
    return table_of(bytes_content(content, name=name, max_bytes=max_bytes), options)
