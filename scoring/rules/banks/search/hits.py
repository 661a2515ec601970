"""The hashes of an event that are looked up in hash banks, and what a match is. Pure.

A file of an event matches a picture in a bank if the hash of any of its frames, in any of the 8 rotations and
flips, is near enough. A video matches a video in a bank by the share of their frames (`video_table.py`). A
bank gives one finding for each file: the video that matches, or else the nearest picture.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.images.hashes import WORDS, Words, words_of
from scoring.rules.banks.models import MAX_ITEMS, UNKNOWN_QUALITY

# How a file matched: one of its frames a picture, or the whole of it a video. "" is a picture's match.
FRAME, VIDEO = "frame", "video"


@dataclass(frozen=True, slots=True, eq=False)
class MediaHashes:
    """The hashes of one file of an event: all variants of frames, uint64[n, v, 4], with their quality.

    `is_video`: whether it is compared with whole videos. `version`: of the file's own stream, which has all
    frames of a video; 0 if these are all, or all that is known.
    """

    id: str
    frames: Words
    quality: NDArray[np.int16]
    is_video: bool = False
    version: int = 0

    @property
    def hashes(self) -> int:
        """The number of hashes: all variants of all frames."""
        return self.frames.size // WORDS

    def of_quality(self, least: int) -> Words:
        """The hashes of frames whose quality is at least this, uint64[m, 4]."""
        return self.frames_of_quality(least).reshape(-1, WORDS)

    def frames_of_quality(self, least: int) -> Words:
        """The frames whose quality is at least this, uint64[n, v, 4]."""
        return self.frames[self.quality >= least]


# Gives files with all their frames instead of those that an event carries.
ReadFrames = Callable[[Sequence[MediaHashes]], Sequence[MediaHashes]]


class Nearest(NamedTuple):
    """The item that is nearest to a file, and how many bits they differ by."""

    distance: int
    item: int


class BankHit(NamedTuple):
    """A file of an event that matches a bank: by this item, which differs by `distance` bits.

    `match`: "" of a picture, FRAME or VIDEO. Of VIDEO the shares of frames that have a match: of the file's
    (what vPDQ calls the query's) and of the known video's.
    """

    bank: str
    item: int
    media: str
    distance: int
    match: str = ""
    query_share: float = 0.0
    known_share: float = 0.0

    @property
    def added(self) -> int:
        """The version of the ruleset that added the item."""
        return self.item // MAX_ITEMS


def hit_of_picture(bank: str, media: MediaHashes, nearest: Nearest) -> BankHit:
    """The hit of a file by its nearest picture in a bank."""
    return BankHit(bank, nearest.item, media.id, nearest.distance, FRAME if media.version else "")


def hashes_of_hex(texts: Iterable[str]) -> Words:
    """Canonical hashes as words: uint64[n, 4]."""
    return words_of(bytes.fromhex("".join(texts)))


def media_of(event: Mapping[str, Any]) -> list[MediaHashes]:
    """The hashes of an event's files (data of its receipt or a later version), without files that have none.

    `event["media"]` has for each file its `id` and `kind`, for each frame its `hashes` (the 8 variants, as
    hexadecimal digits), and the `quality` of the frames; of a video the `version` of the file's stream.
    """
    return [_hashes_of(each) for each in event.get("media", ()) if each.get("hashes")]


def hashes_of_frames(
    media: MediaHashes, variants: Sequence[Sequence[str]], quality: Sequence[int]
) -> MediaHashes:
    """The file with these frames: the hashes of all variants of each, and their quality."""
    words = hashes_of_hex([text for frame in variants for text in frame])
    return replace(
        media, frames=words.reshape(len(variants), -1, WORDS), quality=np.asarray(quality, np.int16)
    )


def _hashes_of(media: Mapping[str, Any]) -> MediaHashes:
    frames: Sequence[Sequence[str]] = media["hashes"]
    words = hashes_of_hex([text for frame in frames for text in frame])
    return MediaHashes(
        str(media["id"]),
        words.reshape(len(frames), -1, WORDS),
        np.broadcast_to(np.asarray(media.get("quality", UNKNOWN_QUALITY), np.int16), len(frames)),
        is_video=media.get("kind") == "video",
        version=media.get("version", 0),
    )
