"""Files of an import in the database, in pieces, so that no process holds them whole."""

import gzip
import io
from collections.abc import Iterable, Iterator

from scoring.rules.lists.models import ListImportPart

PIECE_BYTES = 1 << 20
GZIP = b"\x1f\x8b"  # how such a file begins

FILE, REJECTS = ListImportPart.What.FILE, ListImportPart.What.REJECTS


def store_file(number: int, chunks: Iterable[bytes]) -> None:
    """Store an uploaded file."""
    for place, piece in enumerate(_pieces(chunks)):
        ListImportPart.objects.create(of_import=number, what=FILE, number=place, content=piece)


def open_file(number: int) -> io.BufferedReader:
    """The stored file, read piece by piece; decompressed if it is a gzip file."""
    file: io.BufferedReader = io.BufferedReader(_Pieces(read_pieces(number, FILE)), PIECE_BYTES)
    if file.peek(len(GZIP)).startswith(GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=file))
    return file


def read_pieces(number: int, what: ListImportPart.What) -> Iterator[bytes]:
    """The pieces of the file, or of the rejected lines, in order."""
    parts = ListImportPart.objects.filter(of_import=number, what=what)
    for place in parts.order_by("number").values_list("number", flat=True):
        yield bytes(parts.get(number=place).content)


def delete_files(numbers: Iterable[int], *what: ListImportPart.What) -> None:
    """Delete the files of these imports, or only what is named."""
    kinds = what or (FILE, REJECTS)
    ListImportPart.objects.filter(of_import__in=list(numbers), what__in=kinds).delete()


class TextPieces:
    """Collects text and stores it in pieces."""

    def __init__(self, number: int, what: ListImportPart.What) -> None:
        self._number, self._what = number, what
        self._stored = 0
        self._text: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        self._text.append(text)
        self._size += len(text)
        if self._size >= PIECE_BYTES // 4:
            self.flush()

    def flush(self) -> None:
        """Store what was collected."""
        if self._text:
            content = "".join(self._text).encode("utf-8", "replace")
            ListImportPart.objects.create(
                of_import=self._number, what=self._what, number=self._stored, content=content
            )
            self._stored, self._text, self._size = self._stored + 1, [], 0


class _Pieces(io.RawIOBase):
    """Pieces as one stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        if not self._left:
            self._left = next(self._pieces, b"")
        taken, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    collected = bytearray()
    for chunk in chunks:
        collected += chunk
        while len(collected) >= PIECE_BYTES:
            yield bytes(collected[:PIECE_BYTES])
            del collected[:PIECE_BYTES]
    if collected:
        yield bytes(collected)
