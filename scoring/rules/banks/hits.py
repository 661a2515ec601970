"""The hashes of an event that are looked up in hash banks, and what a match is. Pure.

A file of an event matches a bank if the hash of any of its frames, in any of the 8 rotations and flips, is
near enough to an item. A picture is one frame. A bank gives one finding for each file: its nearest item.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.images.hashes import Words, words_of
from scoring.rules.banks.models import MAX_ITEMS, UNKNOWN_QUALITY


@dataclass(frozen=True, slots=True, eq=False)
class MediaHashes:
    """The hashes of one file of an event: all variants of all frames, with the quality of their frames."""

    id: str
    hashes: Words
    quality: NDArray[np.int16]

    def of_quality(self, least: int) -> Words:
        """The hashes whose quality is at least this."""
        return self.hashes[self.quality >= least]


class Nearest(NamedTuple):
    """The item that is nearest to a file, and how many bits they differ by."""

    distance: int
    item: int


class BankHit(NamedTuple):
    """A file of an event that matches a bank: by this item, which differs by `distance` bits."""

    bank: str
    item: int
    media: str
    distance: int

    @property
    def added(self) -> int:
        """The version of the ruleset that added the item."""
        return self.item // MAX_ITEMS


def hashes_of_hex(texts: Iterable[str]) -> Words:
    """Canonical hashes as words: uint64[n, 4]."""
    return words_of(bytes.fromhex("".join(texts)))


def media_of(event: Mapping[str, Any]) -> list[MediaHashes]:
    """The hashes of an event's files (data of its receipt or a later version), without files that have none.

    `event["media"]` has for each file its `id`, for each frame its `hashes` (the 8 variants, as hexadecimal
    digits), and the `quality` of the frames.
    """
    return [_hashes_of(each) for each in event.get("media", ()) if each.get("hashes")]


def _hashes_of(media: Mapping[str, Any]) -> MediaHashes:
    frames: Sequence[Sequence[str]] = media["hashes"]
    variants = [len(frame) for frame in frames]
    quality = np.broadcast_to(np.asarray(media.get("quality", UNKNOWN_QUALITY), np.int16), len(frames))
    return MediaHashes(
        str(media["id"]),
        hashes_of_hex([text for frame in frames for text in frame]),
        np.repeat(quality, variants),
    )
