"""A WSGI application's answer as bytes, or as a file that the event loop sends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

Headers = list[tuple[str, str]]
WITHOUT_BODY = ("1", "204", "304")
BREAKS = ("\r", "\n", "\0")


class FileWrapper:
    """`wsgi.file_wrapper`: a file that is sent as the client takes it, not read into memory."""

    def __init__(self, file: BinaryIO, block_size: int = 8192) -> None:
        self.file, self.block_size = file, block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.block_size), b"")

    def close(self) -> None:
        self.file.close()

    def is_whole(self, length: str | None) -> bool:
        """Whether it is a file of the disk, from its beginning to its end."""
        name = getattr(self.file, "name", None)
        if not isinstance(name, str) or length is None or self.file.tell() != 0:
            return False
        return Path(name).stat().st_size == int(length)


@dataclass(frozen=True, slots=True)
class Answer:
    """`content` is the head and, unless there is a `file`, the body."""

    content: bytes
    closes: bool
    file: FileWrapper | None = None


class Start:
    """`start_response`: takes status and headers."""

    def __init__(self) -> None:
        self.status, self.headers = "500 Internal Server Error", Headers()

    def __call__(self, status: str, headers: Headers, exc_info: object = None) -> None:
        self.status, self.headers = status, headers


def collect(start: Start, body: Iterable[bytes], *, is_head: bool, closes: bool, now: float) -> Answer:
    """The whole answer of an application. One that yields its body is read to its end."""
    length = next((value for name, value in start.headers if name.lower() == "content-length"), None)
    if isinstance(body, FileWrapper) and not is_head and body.is_whole(length):
        return Answer(write_head(start.status, start.headers, closes=closes, now=now), closes, body)
    try:
        content = b"".join(body)
    finally:
        if close := getattr(body, "close", None):
            close()
    return write(start.status, start.headers, content, is_head=is_head, closes=closes, now=now)


def write(
    status: str, headers: Headers, content: bytes, *, is_head: bool = False, closes: bool, now: float
) -> Answer:
    """An answer of a known body; its length is added unless it is there, the body left out for HEAD."""
    if status.startswith(WITHOUT_BODY):
        content = b""
    elif not any(name.lower() == "content-length" for name, _ in headers):
        headers = [*headers, ("Content-Length", str(len(content)))]
    head = write_head(status, headers, closes=closes, now=now)
    return Answer(head if is_head else head + content, closes)


def write_head(status: str, headers: Headers, *, closes: bool, now: float) -> bytes:
    """Status line and headers. Raises ValueError for a header that would begin another."""
    lines = [f"HTTP/1.1 {status}", f"Date: {date_text(int(now))}"]
    for name, value in headers:
        line = f"{name}: {value}"
        if any(mark in line for mark in BREAKS):
            raise ValueError(f"The header {name!r} has a line break.")
        lines.append(line)
    lines.append("Connection: close" if closes else "Connection: keep-alive")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@lru_cache(maxsize=2)
def date_text(second: int) -> str:
    return formatdate(second, usegmt=True)
