"""How a file is to be read, where that is said and not found out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """`form`: csv, jsonl, json or parquet. None: told by the content."""

    form: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    skip_lines: int = 0


READ_AS_FOUND = ReadOptions()
