"""The hashes of one video as vPDQ writes them: a JSON list of frames, or a frame a line.

The lines are those of its vpdq-hash-video ("number,quality,hash,seconds"), the list is that of its Python
package (["hash,quality,seconds", ...]): https://github.com/facebook/ThreatExchange/tree/main/vpdq.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from datetime import datetime

import orjson

from scoring.rules.banks.changing.videos import FRAME_ALLOWED, is_frame
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.banks.importing.columns import read_cells
from scoring.rules.lists.errors import UnreadableListFile
from scoring.rules.lists.importing.lines import GoodLine, LineDefaults, RejectedLine

MAX_BYTES = 48 * 1024 * 1024  # decompressed

_ALLOWED = f"one video: {FRAME_ALLOWED} a line, or a JSON list of such texts"


def is_video_file(start: bytes) -> bool:
    """Whether a file that begins like this holds the frames of one video."""
    if start.startswith(b"["):
        return start[1:].lstrip().startswith(b'"')
    return is_frame(start.partition(b"\n")[0].decode("ascii", "replace"))


def read_video_file(
    file: io.BufferedReader, definition: BankDefinition, *, defaults: LineDefaults, now: datetime
) -> Iterator[GoodLine | RejectedLine]:
    """The video of a file, checked. Raises UnreadableListFile for a file that is too large or damaged."""
    try:
        content = file.read(MAX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise UnreadableListFile("is damaged or cut off", "compress it again") from None
    if len(content) > MAX_BYTES:
        raise UnreadableListFile(f"has more than {MAX_BYTES >> 20} MiB", _ALLOWED)
    frames = _frames_in(content.decode("utf-8-sig", "replace"))
    yield read_cells(1, {}, definition, defaults=defaults, now=now, frames=frames)


def _frames_in(text: str) -> list[str]:
    if not text.lstrip().startswith("["):
        return [line for line in text.splitlines() if line.strip()]
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableListFile(f"is not JSON ({error})", _ALLOWED) from None
    if not all(isinstance(each, str) for each in found):
        raise UnreadableListFile("has frames that are not texts", _ALLOWED)
    return list(found)
