"""Items as people and files give them: what can be in a bank, in which form, and until when."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.characters import clean_name
from scoring.rules.banks.changing.pdq_hashes import MAX_QUALITY, parse_hash
from scoring.rules.banks.changing.videos import check_frames, digest_of
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.lists.changing.values import check_expiry, clean_reason, clean_tags
from scoring.rules.lists.errors import Problem
from scoring.timestamps import to_iso

MAX_SOURCE_LENGTH = 120
_MEDIA = re.compile(r"([0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class NewItem:
    """A hash or video to add, as given. `quality`: 0 to 100, None if unknown; `expires_at`: None for good.

    `source`: where it comes from; `media`: the id of the stored file that it was taken from. `frames`: of a
    video, as vPDQ writes them ("hash,quality,seconds"); it needs no hash and no quality of its own.
    """

    hash: str
    quality: int | None = None
    source: str = ""
    reason: str = ""
    expires_at: datetime | None = None
    tags: tuple[str, ...] = ()
    media: str = ""
    frames: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """A hash or video that can be added, in stored form; the hash of a video is the digest of its frames."""

    hash: str
    quality: int | None
    source: str
    reason: str
    expires_at: datetime | None
    tags: tuple[str, ...]
    media: str
    frames: tuple[str, ...] = ()

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
            **({"frames": list(self.frames)} if self.frames else {}),
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

    frames = checked("frames", check_frames, new.frames, definition) if new.frames else ()
    item = CheckedItem(
        hash=digest_of(frames or ()) if new.frames else checked("hash", parse_hash, new.hash),
        quality=None if new.frames else checked("quality", _check_quality, new.quality, definition),
        source=checked("source", clean_source, new.source),
        reason=checked("reason", clean_reason, new.reason),
        expires_at=new.expires_at,
        tags=checked("tags", clean_tags, new.tags),
        media=checked("media", _check_media, new.media),
        frames=frames or (),
    )
    checked("expires_at", check_expiry, new.expires_at, now)
    return problems or item


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
