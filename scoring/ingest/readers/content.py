"""The unpacked bytes of a file or an upload; the format is detected from the bytes, not the name."""

import bz2
import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from scoring.ingest.errors import NoSuchImport, UnreadableImport

PARQUET = b"PAR1"
BLOCK = 1 << 20
_EXCEL = "is an Excel workbook; save the sheet as CSV (UTF-8) and import that"
_REFUSED = {
    b"\xd0\xcf\x11\xe0": _EXCEL,
    b"SQLite format 3": "is an SQLite database; export the table as CSV",
    b"ARROW1": "is an Arrow (Feather) file; write it as Parquet",
    b"Obj\x01": "is an Avro file; write it as Parquet or JSON Lines",
    b"ORC": "is an ORC file; write it as Parquet",
    b"%PDF": "is a PDF; import the data it was made from",
    b"7z\xbc\xaf": "is a 7z archive; unpack it",
    b"Rar!": "is a RAR archive; unpack it",
}
_MARKUP = (b"<html", b"<!doctype", b"<?xml", b"<table", b"<workbook")
_IS_MARKUP = (
    "is HTML or XML, as some programs write for Excel; open it there and save the sheet as CSV (UTF-8)"
)
_DAMAGED = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    pa.ArrowException,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Content:
    """`packing`: the compression, or "". `path`: of a file, because Parquet needs random access."""

    name: str
    open_raw: Callable[[], BinaryIO]
    packing: str
    path: Path | None = None
    max_bytes: int | None = None

    def open(self) -> io.BufferedReader:
        """The unpacked bytes. Raises UnreadableImport for damaged files, possibly only while reading."""
        return io.BufferedReader(_Unpacked(self), BLOCK)

    @property
    def file_name(self) -> str:
        """The name of the file that is read, such as the one file in a zip archive."""
        if self.packing != "zip":
            return self.name
        with self.open_raw() as file:
            return _zip_member(zipfile.ZipFile(file), self.name).filename

    def head(self, size: int) -> bytes:
        with self.open() as file:
            return file.read(size)


def file_content(path: Path) -> Content:
    """Raises NoSuchImport, or UnreadableImport if the file has an unsupported format."""
    if not path.is_file():
        raise NoSuchImport(path.name)
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise UnreadableImport(path.name, error.strerror or str(error)) from error
    return _checked(Content(path.name, lambda: path.open("rb"), _packing_of(head), path), head)


def bytes_content(content: bytes, *, name: str, max_bytes: int | None = None) -> Content:
    """An upload; `max_bytes` bounds its unpacked size. Raises UnreadableImport."""
    packing = _packing_of(content[:64])
    return _checked(Content(name, lambda: io.BytesIO(content), packing, max_bytes=max_bytes), content[:64])


def content_digest(content: Content) -> str:
    """SHA-256 of the unpacked bytes, in hex."""
    digest = hashlib.sha256()
    with content.open() as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


class _Unpacked(io.RawIOBase):
    def __init__(self, content: Content) -> None:
        self._content = content
        self._given = 0
        self._raw = content.open_raw()
        with self._telling():
            self._file = _PACKINGS[content.packing](self._raw, content.name)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        with self._telling():
            block = self._file.read(len(buffer))
        self._given += len(block)
        if self._content.max_bytes is not None and self._given > self._content.max_bytes:
            raise UnreadableImport(self._content.name, f"it is larger than {self._content.max_bytes:,} bytes")
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()

    def _telling(self) -> "_Telling":
        return _Telling(self._content)


class _Telling:
    """Turns errors of a damaged file into UnreadableImport."""

    def __init__(self, content: Content) -> None:
        self._content = content

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _DAMAGED):
            packing = self._content.packing
            what = f"its {packing} data is damaged or truncated" if packing else ""
            raise UnreadableImport(self._content.name, what or str(error)) from error


def _packing_of(head: bytes) -> str:
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return "bzip2"
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def _checked(content: Content, head: bytes) -> Content:
    if content.packing:
        head = content.head(64)
        if _packing_of(head):
            raise UnreadableImport(content.name, "it is compressed twice; decompress it once")
        if head.startswith(PARQUET):
            raise UnreadableImport(content.name, "it is a compressed Parquet file; decompress it first")
    for magic, problem in _REFUSED.items():
        if head.startswith(magic):
            raise UnreadableImport(content.name, f"it {problem}")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise UnreadableImport(content.name, f"it {_IS_MARKUP}")
    return content


def _open_zip(file: BinaryIO, name: str) -> BinaryIO:
    archive = zipfile.ZipFile(file)
    return archive.open(_zip_member(archive, name))  # type: ignore[return-value]


def _zip_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [each for each in archive.infolist() if not each.is_dir() and not _is_clutter(each.filename)]
    if any(each.filename == "[Content_Types].xml" for each in members):
        raise UnreadableImport(name, f"it {_EXCEL}")
    if len(members) != 1:
        raise UnreadableImport(
            name, f"it is a zip archive of {len(members)} files, of which only one would be read; unpack it"
        )
    if members[0].flag_bits & 1:
        raise UnreadableImport(name, "it is a zip archive with a password; unpack it first")
    return members[0]


def _is_clutter(name: str) -> bool:
    """Whether it is a file that macOS adds to archives."""
    return name.startswith("__MACOSX/") or name.endswith(".DS_Store")


def _open_zstandard(file: BinaryIO, name: str) -> BinaryIO:
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")


_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"PK\x03\x04": "zip",
}
_PACKINGS: dict[str, Callable[[BinaryIO, str], BinaryIO]] = {
    "": lambda file, name: file,
    "gzip": lambda file, name: gzip.GzipFile(fileobj=file),  # type: ignore[dict-item, return-value]
    "bzip2": lambda file, name: bz2.BZ2File(file),  # type: ignore[dict-item, return-value]
    "xz": lambda file, name: lzma.LZMAFile(file),  # type: ignore[dict-item, return-value]  # noqa: SIM115
    "Zstandard": _open_zstandard,
    "zip": _open_zip,
}
