"""Detects the encoding of a text file from its bytes: UTF-8, UTF-16 or Windows-1252."""

import codecs
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.content import BLOCK, Content

# Characters of a line. A longer one is not a table row, and would have to fit in memory.
MAX_LINE = 1 << 24

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NAMES = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "cp1252": "Windows-1252", "latin-1": "Latin-1"}
_WIDE = ("utf-16", "utf-32")
_HIGH = re.compile(rb"[\x80-\xff]+")
NOT_TEXT = re.compile("[\ud800-\udfff]")
_USUAL_SIGNS = frozenset(
    bytes.fromhex("80 a3 a7 a9 ae b0 b4 91 92 93 94 96 97 85 ab bb bf a1 aa ba bd a0 ad").decode("cp1252")
)
_FLORIN = b"\x83".decode("cp1252")  # a letter to Unicode, but half of many a Japanese one in truth
_WITHIN_WORDS = bytes.fromhex("92 b4 b7 ad").decode("cp1252")  # apostrophes, a middle dot, a soft hyphen


@dataclass(frozen=True, slots=True)
class Survey:
    """The results of one pass over a text file."""

    digest: str
    encoding: str

    @property
    def encoding_name(self) -> str:
        """The usual name of the encoding."""
        return _NAMES.get(self.encoding, self.encoding.upper())


def survey_text(content: Content, *, encoding: str | None = None) -> Survey:
    """Digest and encoding (`encoding`, if given). Raises UnreadableImport if the user must name it."""
    known = checked_encoding(content.name, encoding) if encoding else _marked(content)
    tally = _Utf8Tally()
    digest = hashlib.sha256()
    with content.open() as file:
        while block := file.read(BLOCK):
            digest.update(block)
            if known is None:
                tally.add(block)
    return Survey(digest.hexdigest(), known or tally.verdict(content.name))


def checked_encoding(name: str, encoding: str) -> str:
    """The codec of a given name; for UTF-8, one that skips a byte order mark. Raises UnreadableImport."""
    try:
        codec = codecs.lookup(encoding)
        "".encode(codec.name)  # not one that turns bytes into bytes
    except (LookupError, TypeError, ValueError) as error:
        allowed = "such as UTF-8, UTF-16, Windows-1252, ISO-8859-15"
        raise UnreadableImport(name, f"{encoding!r} is not an encoding; use one {allowed}") from error
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


@contextmanager
def open_text(content: Content, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The text with its line ends. Undecodable bytes invalidate only their own row; see `undecoded`."""
    errors = "replace" if encoding.startswith(_WIDE) else "surrogateescape"
    with content.open() as file, io.TextIOWrapper(file, encoding, errors, newline="") as text:
        yield text


def undecoded(text: str, encoding: str) -> bool:
    """Whether a text contains bytes that are invalid in its encoding."""
    return not text.isascii() and (
        "\ufffd" in text if encoding.startswith(_WIDE) else NOT_TEXT.search(text) is not None
    )


def printable(text: str) -> str:
    """The text with U+FFFD for undecodable bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _marked(content: Content) -> str | None:
    head = content.head(4096)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    return _wide_without_mark(content.name, head)


def _wide_without_mark(name: str, head: bytes) -> str | None:
    """UTF-16, detected by NULs in every other byte; with other NULs the file is not text."""
    if b"\x00" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.3 * len(head) / 2 and even < 0.05 * len(head) / 2:
        return "utf-16-le"
    if even > 0.3 * len(head) / 2 and odd < 0.05 * len(head) / 2:
        return "utf-16-be"
    if even + odd > 0.01 * len(head):
        raise UnreadableImport(name, "it is neither Parquet nor text; use CSV, JSON Lines or Parquet")
    return None


class _Utf8Tally:
    """Counts the valid UTF-8 among a file's non-ASCII characters, and classifies the other bytes."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._good = self._bad = 0
        self._runs: Counter[tuple[bytes, bool]] = Counter()

    def add(self, block: bytes) -> None:
        text = self._decoder.decode(block)
        if text.isascii():
            return
        bad = len(NOT_TEXT.findall(text))
        self._bad += bad
        self._good += sum(1 for character in text if character > "\x7f") - bad
        if bad and not self._good and len(self._runs) < 10_000:
            self._runs.update(_runs_of(block))

    def verdict(self, name: str) -> str:
        """UTF-8 if any non-ASCII text is valid UTF-8 (other rows are then invalid), else Windows-1252."""
        if self._good or not self._bad:
            return "utf-8-sig"
        odd = sum(count for (run, inside), count in self._runs.items() if not _is_western(run, inside=inside))
        if odd > 0.2 * self._runs.total():
            raise UnreadableImport(
                name, "it is not UTF-8; name its encoding (--encoding ISO-8859-2, CP1251, ...)"
            )
        return "cp1252"


def _runs_of(block: bytes) -> Iterator[tuple[bytes, bool]]:
    """Each run of high bytes, and whether it is inside a word."""
    for match in _HIGH.finditer(block):
        before, after = block[max(0, match.start() - 1) : match.start()], block[match.end() : match.end() + 1]
        yield match[0][:8], before.isalpha() and after.isalpha()


def _is_western(run: bytes, *, inside: bool) -> bool:
    """Whether a run of high bytes looks like Western European text: one or two letters, or a common sign."""
    try:
        text = run.decode("cp1252")
    except UnicodeDecodeError:
        return False
    if all(character.isalpha() and character != _FLORIN for character in text):
        return len(text) <= 2
    return not (inside and len(text) == 1 and text not in _WITHIN_WORDS) and all(
        character.isalpha() or character in _USUAL_SIGNS for character in text
    )
