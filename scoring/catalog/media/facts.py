"""What is known of uploaded media when an event names them, and what it says of the event. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scoring.declare import Measured

Status = Literal["pending", "done", "failed"]

MIN_QUALITY = 50  # below it a hash is of a picture with little structure, and matches too many
BAND_DIGITS = 8  # of the hash in hex, in a band


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """An uploaded file as an event's entry records it.

    `hashes`: of each frame the PDQ hash in hex, and those of its 7 other rotations and flips; `quality`: of
    each frame. Empty while the file is pending, and if it failed. `nsfw`: None if it was not classified.
    `version`: of the file's own stream, which has all frames of a video; 0 for pictures, and while pending.
    """

    id: str
    kind: str
    status: Status
    hashes: tuple[tuple[str, ...], ...] = ()
    quality: tuple[int, ...] = ()
    nsfw: float | None = None
    version: int = 0

    def as_data(self) -> dict[str, Any]:
        """As receipts and enrichments have it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "status": self.status,
            "hashes": [list(variants) for variants in self.hashes],
            "quality": list(self.quality),
            **({} if self.nsfw is None else {"nsfw": self.nsfw}),
            **({"version": self.version} if self.version else {}),
        }


def media_signals(media: Sequence[MediaFacts]) -> Measured:
    """The signals of an event's attachments, without those that are not known yet."""
    scores = [each.nsfw for each in media if each.nsfw is not None]
    qualities = [max(each.quality) for each in media if each.quality]
    return {
        "count": len(media),
        "images": sum(each.kind == "image" for each in media),
        "videos": sum(each.kind == "video" for each in media),
        "pending": sum(each.status == "pending" for each in media),
        "failed": any(each.status == "failed" for each in media),
        **({"nsfw": max(scores)} if scores else {}),
        **({"quality": min(qualities)} if qualities else {}),
    }


def bands_of(media: Sequence[MediaFacts], count: int) -> list[str]:
    """Parts of the hash of the first picture or frame with structure: what nearly equal pictures share.

    Each is the number of the part and 32 bits, from the end of the hash: the low frequencies, which edits
    change least. Of eleven edits of a photo ten share one of the last four parts with it, six one of the
    first four. [] without such a picture.

    >>> bands_of([MediaFacts("a", "image", "done", (("0123456789abcdef" * 4,),), (90,))], 2)
    ['0:89abcdef', '1:01234567']
    """
    for each in media:
        for variants, quality in zip(each.hashes, each.quality, strict=True):
            if quality >= MIN_QUALITY:
                own = variants[0]
                starts = range(len(own) - BAND_DIGITS, -1, -BAND_DIGITS)
                parts = [own[start : start + BAND_DIGITS] for start in starts]
                return [f"{number}:{part}" for number, part in enumerate(parts[:count])]
    return []


def is_pending(media: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any of the media that an entry records is still to be processed."""
    return any(each["status"] == "pending" for each in media)
