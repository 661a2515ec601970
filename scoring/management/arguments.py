"""Values on a command line, each read with what it may be: a refusal is one sentence that says so."""

import argparse
import re
from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite, nan
from pathlib import Path
from urllib.parse import urlsplit

from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.catalog.registry import scored_type

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MAX_DAYS = 3_650.0  # of a label's maturity


def whole_number(*, least: int = 0, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number within bounds."""
    allowed = (
        f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    )

    def read(text: str) -> int:
        if not re.fullmatch(r"\s*[+-]?\d{1,18}\s*", text) or not _lies(int(text), least, most):
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return int(text)

    return read


def number(
    *, least: float = 0.0, most: float | None = None, above: bool = False, what: str = "number"
) -> Callable[[str], float]:
    """Reads a finite number within bounds; `above`: it must be more than the least."""
    allowed = f"a {what} {'above' if above else 'of at least'} {least:g}"
    allowed += "" if most is None else f" and at most {most:g}"

    def read(text: str) -> float:
        value = as_float(text)
        if not isfinite(value) or not _lies(value, least, most) or (above and value == least):
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return value

    return read


def as_float(text: str) -> float:
    """NaN for what is no number."""
    try:
        return float(text)
    except ValueError:
        return nan


def _lies(value: float, least: float, most: float | None) -> bool:
    return value >= least and (most is None or value <= most)


read_days = number(most=MAX_DAYS, what="number of days")


def read_moment(text: str) -> datetime:
    """A date or time on the command line; UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date or time like 2026-01-31") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment <= LATEST:
        raise argparse.ArgumentTypeError(f"{text!r} does not lie between 1970 and 2200")
    return moment


def read_scored_type(text: str) -> str:
    """The name of an event type that models decide."""
    try:
        return scored_type(text).name
    except (UnknownEventType, EventTypeNotScored) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def read_words(text: str) -> str:
    """Words that say something: a reason, a name."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; say something")
    return text.strip()


def read_http_url(text: str) -> str:
    """The address of a web server."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address like http://127.0.0.1:8000")
    return text


def read_new_file(text: str) -> str:
    """A file to be written, or an fsspec URL. Long work must not end at a folder that is not there."""
    path = Path(text)
    if "://" not in text and (path.is_dir() or not path.parent.is_dir()):
        why = "is a folder" if path.is_dir() else f"lies in {str(path.parent)!r}, which is no folder"
        raise argparse.ArgumentTypeError(f"{text!r} {why}")
    return text


def read_thresholds(text: str) -> dict[str, float]:
    """{"review", "block"} out of `review=0.1,block=0.9`."""
    try:
        pairs = {name.strip(): float(value) for name, value in (part.split("=") for part in text.split(","))}
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not like review=0.1,block=0.9") from error
    if not pairs.keys() <= {"review", "block"} or not all(0 <= value <= 1 for value in pairs.values()):
        raise argparse.ArgumentTypeError("thresholds are review and block, each from 0 to 1")
    if pairs.get("review", 0.0) > pairs.get("block", 1.0):
        raise argparse.ArgumentTypeError("review must not lie above block")
    return pairs
