"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class MalformedJson(ScoringError):
    """A request body that is not JSON; `line` and `column` count from 1, `position` (characters) from 0."""

    def __init__(self, *, problem: str, line: int, column: int, position: int) -> None:
        self.line, self.column, self.position = line, column, position
        super().__init__(f"{problem} at line {line}, column {column}")


class RequestTooLarge(ScoringError):
    """A request body above the size limit; `size` is None if it was not read to its end."""

    def __init__(self, *, size: int | None, limit: int) -> None:
        self.size, self.limit = size, limit
        said = f"more than {limit}" if size is None else f"{size}"
        super().__init__(f"the body has {said} bytes; a request may have at most {limit}")


class UnsupportedEncoding(ScoringError):
    """A body whose `header` names an unsupported compression or charset."""

    def __init__(self, *, header: str, value: str, allowed: Sequence[str]) -> None:
        self.header, self.allowed = header, tuple(allowed)
        super().__init__(f"{header} {value[:60]!r} is not supported; send {' or '.join(allowed)}")


class MalformedEncoding(ScoringError):
    """A body that is not compressed as its Content-Encoding says."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        super().__init__(f"the body is not compressed with {encoding}, as its Content-Encoding says")
