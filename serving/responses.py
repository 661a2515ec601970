"""A WSGI application's response as bytes, or as a file that the event loop sends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

Headers = list[tuple[str, str]]
BODILESS_STATUSES = ("1", "204", "304")
FORBIDDEN_IN_HEADERS = ("\r", "\n", "\0")


class FileWrapper:
    """`wsgi.file_wrapper`: a file that is streamed to the client, not read into memory."""

    def __init__(self, file: BinaryIO, block_size: int = 8192) -> None:
        self.file, self.block_size = file, block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.block_size), b"")

    def close(self) -> None:
        self.file.close()

    def is_complete_file(self, length: str | None) -> bool:
        """Whether the response is a file on disk from its first byte to its last."""
        name = getattr(self.file, "name", None)
        if not isinstance(name, str) or length is None or self.file.tell() != 0:
            return False
        return Path(name).stat().st_size == int(length)


@dataclass(frozen=True, slots=True)
class Response:
    """`content` is the head and, unless there is a `file`, the body."""

    content: bytes
    closes: bool
    file: FileWrapper | None = None


class StartResponse:
    """The `start_response` callable: records status and headers."""

    def __init__(self) -> None:
        self.status, self.headers = "500 Internal Server Error", Headers()

    def __call__(self, status: str, headers: Headers, exc_info: object = None) -> None:
        self.status, self.headers = status, headers


def collect_response(
    start: StartResponse, body: Iterable[bytes], *, is_head: bool, closes: bool, now: float
) -> Response:
    """The application's complete response; an iterable body is read to its end."""
    length = next((value for name, value in start.headers if name.lower() == "content-length"), None)
    if isinstance(body, FileWrapper) and not is_head and body.is_complete_file(length):
        return Response(write_head(start.status, start.headers, closes=closes, now=now), closes, body)
    try:
        content = b"".join(body)
    finally:
        if close := getattr(body, "close", None):
            close()
    return build_response(start.status, start.headers, content, is_head=is_head, closes=closes, now=now)


def build_response(
    status: str, headers: Headers, content: bytes, *, is_head: bool = False, closes: bool, now: float
) -> Response:
    """A response with a known body. Adds a missing Content-Length and omits the body for HEAD."""
    if status.startswith(BODILESS_STATUSES):
        content = b""
    elif not any(name.lower() == "content-length" for name, _ in headers):
        headers = [*headers, ("Content-Length", str(len(content)))]
    head = write_head(status, headers, closes=closes, now=now)
    return Response(head if is_head else head + content, closes)


def write_head(status: str, headers: Headers, *, closes: bool, now: float) -> bytes:
    """Status line and headers. Raises ValueError for a header that contains a line break."""
    lines = [f"HTTP/1.1 {status}", f"Date: {http_date(int(now))}"]
    for name, value in headers:
        line = f"{name}: {value}"
        if any(character in line for character in FORBIDDEN_IN_HEADERS):
            raise ValueError(f"The header {name!r} contains a line break.")
        lines.append(line)
    lines.append("Connection: close" if closes else "Connection: keep-alive")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@lru_cache(maxsize=2)
def http_date(second: int) -> str:
    return formatdate(second, usegmt=True)
