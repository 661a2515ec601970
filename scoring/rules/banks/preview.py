"""How many of the files that were uploaded lately are near given hashes, at several distances."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.content.media.models import MediaItem
from scoring.images.hashes import WORDS, Words
from scoring.images.video_matching import VideoMatch, match_videos
from scoring.rules.banks.search.hits import hashes_of_hex

DISTANCES = (15, 23, 31, 39)
PERIOD = timedelta(days=30)
MAX_FILES = 20_000  # the latest ones of the period
MAX_HASHES = 50  # that are compared with them
MAX_SHOWN = 12  # of the files that match


class NearFile(NamedTuple):
    """An uploaded file that is near one of the hashes. `match`: what hashes and frames have in common."""

    media: str
    distance: int
    frames: int
    match: VideoMatch


class ComparedFile(NamedTuple):
    """An uploaded file: its frames of enough quality, and their hashes with all rotations and flips."""

    media: str
    frames: int
    variants: Sequence[str]

    def near(self, hashes: Words, apart: int, distance: int) -> NearFile:
        """The file, `apart` bits from the nearest hash, with what is within `distance`."""
        frames = hashes_of_hex(self.variants).reshape(self.frames, -1, WORDS)
        return NearFile(self.media, apart, self.frames, match_videos(hashes, frames, distance=distance))


@dataclass(frozen=True, slots=True)
class Preview:
    """What hashes would match. `files`: how many were compared; `is_limited`: there were more in the period.

    `counts`: by distance, how many files differ by no more bits. `nearest`: the nearest files.
    """

    files: int
    is_limited: bool
    counts: Sequence[tuple[int, int]]
    nearest: Sequence[NearFile]


def preview_matches(hashes: Sequence[str], *, min_quality: int, distance: int, now: datetime) -> Preview:
    """Compare canonical hashes, at most MAX_HASHES of them, with the files uploaded in the last 30 days.

    `distance`: of the bank, up to which frames of the nearest files count as matching.
    """
    rows = MediaItem.objects.filter(received_at__gt=now - PERIOD, status=MediaItem.Status.DONE)
    found = list(rows.order_by("-received_at").values_list("id", "hashes")[: MAX_FILES + 1])
    files = list(_compared(found[:MAX_FILES], min_quality))
    words = hashes_of_hex(hashes[:MAX_HASHES])
    apart = _least_distances(words, [file.variants for file in files])
    order = np.argsort(apart, kind="stable")[:MAX_SHOWN]
    return Preview(
        files=min(len(found), MAX_FILES),
        is_limited=len(found) > MAX_FILES,
        counts=[(each, int((apart <= each).sum())) for each in DISTANCES],
        nearest=[
            files[place].near(words, int(apart[place]), distance)
            for place in order
            if apart[place] <= DISTANCES[-1]
        ],
    )


def _compared(rows: Iterable[tuple[str, Any]], min_quality: int) -> Iterator[ComparedFile]:
    """The files that have frames of enough quality."""
    for media, frames in rows:
        kept = [frame["pdq"] for frame in frames if frame["quality"] >= min_quality]
        if kept:
            yield ComparedFile(media, len(kept), [text for variants in kept for text in variants])


def _least_distances(hashes: Words, files: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """int64[files]: the number of bits between each file's nearest variant and the nearest of `hashes`."""
    least = np.full(len(files), 256, np.int64)
    if not files:
        return least
    words = hashes_of_hex([text for variants in files for text in variants])
    starts = np.cumsum([0, *(len(variants) for variants in files[:-1])])
    for each in hashes:
        apart = np.bitwise_count(words ^ each).sum(axis=1, dtype=np.int64)
        least = np.minimum(least, np.minimum.reduceat(apart, starts))
    return least
