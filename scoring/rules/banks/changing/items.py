"""Items as people and files give them: what can be in a bank, in which form, and until when."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.characters import clean_name
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.lists.changing.values import check_expiry, clean_reason, clean_tags
from scoring.rules.lists.errors import Problem
from scoring.timestamps import to_iso

MAX_SOURCE_LENGTH = 120
MAX_QUALITY = 100
HASH_ALLOWED = "64 hexadecimal digits, a PDQ hash"

_HASH = re.compile(r"[0-9a-f]{64}")
_MEDIA = re.compile(r"([0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class NewItem:
    """A hash to add, as given. `quality`: 0 to 100, None if it is not known; `expires_at`: None for good.

    `source`: where it comes from; `media`: the id of the stored file that it was taken from.
    """

    hash: str
    quality: int | None = None
    source: str = ""
    reason: str = ""
    expires_at: datetime | None = None
    tags: tuple[str, ...] = ()
    media: str = ""


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """A hash that can be added, in canonical form."""

    hash: str
    quality: int | None
    source: str
    reason: str
    expires_at: datetime | None
    tags: tuple[str, ...]
    media: str

    def as_data(self) -> dict[str, Any]:
        """The item in a `bank.items_added`."""
        return {
            "hash": self.hash,
            "quality": self.quality,
            "source": self.source,
            "reason": self.reason,
            "expires_at": to_iso(self.expires_at) if self.expires_at else None,
            "tags": list(self.tags),
            "media": self.media,
        }


def check_item(definition: BankDefinition, new: NewItem, *, now: datetime) -> CheckedItem | list[Problem]:
    """The item as it can be added, or everything that is wrong with it."""
    problems: list[Problem] = []

    def checked(field: str, check: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return check(*arguments)
        except FieldError as error:
            problems.append(Problem(field, error.problem, error.allowed))
            return None

    item = CheckedItem(
        hash=checked("hash", parse_hash, new.hash),
        quality=checked("quality", _check_quality, new.quality, definition),
        source=checked("source", clean_source, new.source),
        reason=checked("reason", clean_reason, new.reason),
        expires_at=new.expires_at,
        tags=checked("tags", clean_tags, new.tags),
        media=checked("media", _check_media, new.media),
    )
    checked("expires_at", check_expiry, new.expires_at, now)
    return problems or item


def parse_hash(text: str) -> str:
    """A hash in canonical form. Raises FieldError, also for that of a picture without any contrast."""
    found = text.strip().lower()
    if not found:
        raise FieldError("is missing", HASH_ALLOWED)
    if not _HASH.fullmatch(found):
        raise FieldError(f"{text.strip()[:70]!r} is not a PDQ hash", HASH_ALLOWED)
    if len(set(found)) == 1 and found[0] in "0f":
        raise FieldError("is the hash of an empty picture", "hashes of pictures with some contrast")
    return found


def clean_source(source: str) -> str:
    """A source in stored form; "" for none. Raises FieldError."""
    return clean_name(" ".join(source.split()), MAX_SOURCE_LENGTH) if source.strip() else ""


def _check_quality(quality: int | None, definition: BankDefinition) -> int | None:
    if quality is None:
        return None
    if not 0 <= quality <= MAX_QUALITY:
        raise FieldError(f"is {quality}", f"0 to {MAX_QUALITY}, or none if it is not known")
    if quality < definition.min_quality:
        raise FieldError(f"is {quality}", f"at least {definition.min_quality}, the minimum of this bank")
    return quality


def _check_media(media: str) -> str:
    if not _MEDIA.fullmatch(media):
        raise FieldError(f"{media[:70]!r} is not the id of a file", "the 64 digits of its SHA-256 digest")
    return media
