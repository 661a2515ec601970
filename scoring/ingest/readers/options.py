"""Options for reading a file that override detection."""

from dataclasses import dataclass

from scoring.ingest.errors import InvalidMapping


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """`form`: csv, jsonl, json or parquet. None: detected from the content."""

    form: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    skip_lines: int = 0

    def __post_init__(self) -> None:
        if self.skip_lines < 0:
            raise InvalidMapping([f"--skip-lines {self.skip_lines} is less than 0"])


READ_AS_FOUND = ReadOptions()
