"""The columns of a bank's files, and the names by which other exchanges call them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.rules.banks.changing.items import CheckedItem, NewItem, check_item
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.lists.errors import Problem
from scoring.rules.lists.importing.lines import (
    BETWEEN_TAGS,
    GoodLine,
    LineDefaults,
    RejectedLine,
    read_expiry,
)

COLUMNS = ("hash", "quality", "source", "reason", "expires_at", "tags", "media")
# Other names of a column, in lower case with _ for spaces.
NAMES: Mapping[str, tuple[str, ...]] = {
    "hash": ("hash", "pdq", "pdq_hash", "hash_value", "indicator", "value"),
    "quality": ("quality", "pdq_quality", "hash_quality"),
    "source": ("source", "owner", "origin"),
    "reason": ("reason", "description", "comment"),
    "expires_at": ("expires_at", "expired_on", "expires", "expiry"),
    "tags": ("tags", "labels", "categories", "category"),
    "media": ("media",),
}

Cells = Mapping[str, str]


def read_cells(
    number: int,
    cells: Cells,
    definition: BankDefinition,
    *,
    defaults: LineDefaults,
    now: datetime,
    frames: Sequence[str] = (),
) -> GoodLine | RejectedLine:
    """A line with these cells, by column, checked. `frames`: of a video, which needs no hash."""
    checked = _check(cells, definition, defaults, now, frames)
    if isinstance(checked, list):
        return rejected(number, cells, *checked)
    return GoodLine(number, checked)


def rejected(number: int, cells: Cells, *problems: Problem) -> RejectedLine:
    return RejectedLine(number, tuple(cells.get(name, "") for name in COLUMNS), problems)


def _check(
    cells: Cells, definition: BankDefinition, defaults: LineDefaults, now: datetime, frames: Sequence[str]
) -> CheckedItem | list[Problem]:
    try:
        quality = _read_quality(cells.get("quality", ""))
    except FieldError as error:
        return [Problem("quality", error.problem, error.allowed)]
    try:
        expiry = cells.get("expires_at", "")
        expires_at = read_expiry(expiry) if expiry else defaults.expires_at
    except FieldError as error:
        return [Problem("expires_at", error.problem, error.allowed)]
    new = NewItem(
        hash=cells.get("hash", ""),
        quality=quality,
        source=cells.get("source", "") or defaults.source,
        reason=cells.get("reason", "") or defaults.reason,
        expires_at=expires_at,
        tags=tuple(filter(None, BETWEEN_TAGS.split(cells.get("tags", "")))),
        media=cells.get("media", ""),
        frames=tuple(frames),
    )
    return check_item(definition, new, now=now)


def _read_quality(text: str) -> int | None:
    """A quality: a whole number, or one like 98.0; None for none. Raises FieldError."""
    if not text:
        return None
    try:
        number: Any = float(text)
        if number.is_integer():
            return int(number)
    except ValueError:
        pass
    raise FieldError(f"{text[:20]!r} is not a quality", "a whole number from 0 to 100, or none")
