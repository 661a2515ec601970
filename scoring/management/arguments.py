"""Parsers of command-line values; an error is one sentence that says what is allowed."""

import argparse
import re
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite, nan
from pathlib import Path
from urllib.parse import urlsplit

import fsspec

from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.catalog.registry import scored_type

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MAX_DAYS = 3_650.0  # maximum time until labels mature


def integer(*, minimum: int = 0, maximum: int | None = None) -> Callable[[str], int]:
    """A parser of integers within bounds."""
    allowed = (
        f"an integer of at least {minimum}" if maximum is None else f"an integer from {minimum} to {maximum}"
    )

    def read(text: str) -> int:
        if not re.fullmatch(r"\s*[+-]?\d{1,18}\s*", text) or not _is_within(int(text), minimum, maximum):
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return int(text)

    return read


def number(
    *, minimum: float = 0.0, maximum: float | None = None, exclusive: bool = False, noun: str = "number"
) -> Callable[[str], float]:
    """A parser of finite numbers within bounds; with `exclusive`, greater than the minimum."""
    allowed = f"a {noun} {'above' if exclusive else 'of at least'} {minimum:g}"
    allowed += "" if maximum is None else f" and at most {maximum:g}"

    def read(text: str) -> float:
        value = as_float(text)
        if not isfinite(value) or not _is_within(value, minimum, maximum) or (exclusive and value == minimum):
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return value

    return read


def as_float(text: str) -> float:
    """The number, or NaN if the text is not a number."""
    try:
        return float(text)
    except ValueError:
        return nan


def _is_within(value: float, minimum: float, maximum: float | None) -> bool:
    return value >= minimum and (maximum is None or value <= maximum)


read_days = number(maximum=MAX_DAYS, noun="number of days")


def read_moment(text: str) -> datetime:
    """A date or time, in UTC unless it has an offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date or time like 2026-01-31") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment <= LATEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1970 and 2200")
    return moment


def read_scored_type(text: str) -> str:
    """The name of an event type that models score."""
    try:
        return scored_type(text).name
    except (UnknownEventType, EventTypeNotScored) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def read_words(text: str) -> str:
    """A text that is not blank, such as a reason or a name."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the value is blank; enter a text")
    return text.strip()


def read_http_url(text: str) -> str:
    """An HTTP or HTTPS URL."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address like http://127.0.0.1:8000")
    return text


def read_new_file(text: str) -> str:
    """A path or fsspec URL to write to. Its directory is checked now, not at the end of long work."""
    path = Path(text)
    if "://" in text:
        _check_filesystems(text)
    elif path.is_dir() or not path.parent.is_dir():
        why = "is a directory" if path.is_dir() else f"is in {str(path.parent)!r}, which is not a directory"
        raise argparse.ArgumentTypeError(f"{text!r} {why}")
    return text


def read_directory(text: str) -> str:
    """A path or fsspec URL of a directory, which need not exist yet."""
    if "://" in text:
        _check_filesystems(text)
    elif Path(text).exists() and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a directory")
    return text


def _check_filesystems(url: str) -> None:
    """Raises ArgumentTypeError unless each protocol of a URL, such as `simplecache::s3://x`, is installed."""
    try:
        for part in url.split("::"):
            fsspec.get_filesystem_class(part.partition("://")[0])
    except (ImportError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{url!r} cannot be opened: {error}") from error


def read_thresholds(text: str) -> dict[str, float]:
    """The thresholds in a text such as `review=0.1,block=0.9`."""
    try:
        pairs = {name.strip(): float(value) for name, value in (part.split("=") for part in text.split(","))}
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form review=0.1,block=0.9") from error
    if not pairs.keys() <= {"review", "block"} or not all(0 <= value <= 1 for value in pairs.values()):
        raise argparse.ArgumentTypeError("the thresholds are review and block, each from 0 to 1")
    if pairs.get("review", 0.0) > pairs.get("block", 1.0):
        raise argparse.ArgumentTypeError("review must not be above block")
    return pairs
