"""Indicators as ThreatExchange gives them: JSON with a list of objects, or one object a line.

https://developers.facebook.com/docs/threat-exchange/reference/apis describes `indicator`, `type`, `status`,
`tags`, `owner`, `description` and `expired_on` of threat descriptors, and `should_delete` of updates.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from scoring.rules.banks.changing.videos import FRAME_ALLOWED
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.banks.importing.columns import read_cells, rejected
from scoring.rules.lists.changing.values import MAX_REASON_LENGTH, MAX_TAG_LENGTH, MAX_TAGS
from scoring.rules.lists.errors import Problem, UnreadableListFile
from scoring.rules.lists.importing.lines import MAX_LINES, GoodLine, LineDefaults, RejectedLine
from scoring.timestamps import to_iso

PDQ = "HASH_PDQ"
VIDEO = ("VPDQ", "HASH_VPDQ", "HASH_VIDEO_VPDQ")  # the indicator is a list of frames, or that list as JSON
# What others say of an indicator that does not belong into a bank of what is bad.
REFUSED_STATUS = ("NON_MALICIOUS", "NON_HARMFUL")
MAX_BYTES = 256 * 1024 * 1024  # of one JSON text, decompressed
MAX_LINE_BYTES = 1024 * 1024

_ALLOWED = "a list of indicators, or an object whose member data is one, or one indicator a line"
_NOT_IN_TAGS = str.maketrans({" ": "-", ":": "-", "/": "-", ".": "-"})


def read_indicators(
    file: io.BufferedReader, definition: BankDefinition, *, defaults: LineDefaults, now: datetime
) -> Iterator[GoodLine | RejectedLine]:
    """Every indicator of a file, checked; its number is its place in the file.

    Indicators of other types than HASH_PDQ and VPDQ are rejected, as are those that are to be deleted or
    whose status says that they are harmless. Raises UnreadableListFile for a file that is not JSON, or too
    large.
    """
    for number, each in enumerate(_indicators(file), start=1):
        if number > MAX_LINES:
            raise UnreadableListFile(f"has more than {MAX_LINES:,} indicators", "split it")
        if not isinstance(each, dict):
            allowed = "an object with indicator and type"
            yield rejected(number, {}, Problem("indicator", "is not an object", allowed))
            continue
        cells, kind, status = cells_of(each)
        if problem := _problem_of(each, kind, status):
            yield rejected(number, cells, problem)
            continue
        frames = frames_of(each) if kind.upper() in VIDEO else []
        if frames is None:
            yield rejected(number, cells, Problem("indicator", "is not a list of frames", FRAME_ALLOWED))
            continue
        yield read_cells(number, cells, definition, defaults=defaults, now=now, frames=frames)


def cells_of(indicator: Mapping[str, Any]) -> tuple[dict[str, str], str, str]:
    """The cells of an indicator by column, its type and its status."""
    inner = indicator.get("indicator")
    nested: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
    text = nested.get("indicator") if nested else inner
    owner = indicator.get("owner")
    source = owner.get("name") if isinstance(owner, dict) else owner
    cells = {
        "hash": _text(text),
        "quality": _text(indicator.get("quality")),
        "source": _text(source or indicator.get("source")),
        "reason": _text(indicator.get("description") or indicator.get("reason"))[:MAX_REASON_LENGTH],
        "expires_at": _expiry(indicator.get("expired_on") or indicator.get("expires_at")),
        "tags": " ".join(_tags(indicator.get("tags"))[:MAX_TAGS]),
        "media": _text(indicator.get("media")),
    }
    kind = _text(indicator.get("type") or nested.get("type") or PDQ)
    return cells, kind, _text(indicator.get("status"))


def frames_of(indicator: Mapping[str, Any]) -> list[str] | None:
    """The frames of a video's indicator: a list of texts, also as JSON text; None for anything else."""
    inner = indicator.get("indicator")
    found = inner.get("indicator") if isinstance(inner, dict) else inner
    if isinstance(found, str):
        try:
            found = orjson.loads(found)
        except orjson.JSONDecodeError:
            return None
    is_list = isinstance(found, list) and found and all(isinstance(each, str) for each in found)
    return found if is_list else None


def _problem_of(indicator: Mapping[str, Any], kind: str, status: str) -> Problem | None:
    if kind.upper() not in (PDQ, "PDQ", *VIDEO):
        return Problem("type", f"is {kind[:40]}", f"{PDQ}, or {VIDEO[0]} for videos")
    if status.upper() in REFUSED_STATUS:
        return Problem("status", f"is {status}", "indicators of what is harmful")
    if indicator.get("should_delete") is True:
        return Problem("should_delete", "is true", "indicators that still hold")
    return None


def _tags(tags: object) -> list[str]:
    """Tags as words: texts, or objects with `text` or `name`, directly or in a member `data`."""
    found: object = tags.get("data", []) if isinstance(tags, dict) else tags
    if isinstance(found, str):
        return found.replace(",", " ").split()
    if not isinstance(found, Sequence):
        return []
    words = [each.get("text") or each.get("name") if isinstance(each, dict) else each for each in found]
    return [_text(word).lower().translate(_NOT_IN_TAGS)[:MAX_TAG_LENGTH] for word in words if word]


def _expiry(value: object) -> str:
    """A time as text; ThreatExchange writes some as seconds since 1970, and 0 for none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return to_iso(datetime.fromtimestamp(value, UTC)) if value else ""
        except (ValueError, OverflowError, OSError):
            return str(value)
    text = _text(value)
    is_compact_zone = len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit()
    return f"{text[:-2]}:{text[-2:]}" if is_compact_zone else text


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, bool | dict | list) else str(value).strip()


def _indicators(file: io.BufferedReader) -> Iterator[Any]:
    """The indicators of a file: of one JSON text, or of one a line if its first line is a whole object."""
    first = file.readline(MAX_LINE_BYTES)
    opening = _parsed_object(first)
    if opening is not None and "data" not in opening:
        yield opening
        yield from _lines(file)
        return
    text = first + file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise UnreadableListFile(
            f"has more than {MAX_BYTES >> 20} MiB of JSON", "one indicator a line, or CSV"
        )
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableListFile(f"is not JSON ({error})", _ALLOWED) from None
    listed = found.get("data") if isinstance(found, dict) else found
    if not isinstance(listed, list):
        raise UnreadableListFile("has no list of indicators", _ALLOWED)
    yield from listed


def _lines(file: io.BufferedReader) -> Iterator[Any]:
    while line := file.readline(MAX_LINE_BYTES):
        if line.strip():
            yield _parsed_object(line)


def _parsed_object(line: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
