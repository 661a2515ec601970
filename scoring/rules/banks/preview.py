"""How many of the files that were uploaded lately are near given hashes, at several distances."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.content.media.models import MediaItem
from scoring.images.hashes import Words
from scoring.rules.banks.hits import hashes_of_hex

DISTANCES = (15, 23, 31, 39)
PERIOD = timedelta(days=30)
MAX_FILES = 20_000  # the latest ones of the period
MAX_HASHES = 50  # that are compared with them
MAX_SHOWN = 12  # of the files that match


class NearFile(NamedTuple):
    """An uploaded file that is near one of the hashes."""

    media: str
    distance: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What hashes would match. `files`: how many were compared; `is_limited`: there were more in the period.

    `counts`: by distance, how many files differ by no more bits. `nearest`: the nearest files.
    """

    files: int
    is_limited: bool
    counts: Sequence[tuple[int, int]]
    nearest: Sequence[NearFile]


def preview_matches(hashes: Sequence[str], *, min_quality: int, now: datetime) -> Preview:
    """Compare canonical hashes, at most MAX_HASHES of them, with the files uploaded in the last 30 days."""
    rows = MediaItem.objects.filter(received_at__gt=now - PERIOD, status=MediaItem.Status.DONE)
    found = list(rows.order_by("-received_at").values_list("id", "hashes")[: MAX_FILES + 1])
    files = [
        (media, variants)
        for media, frames in found[:MAX_FILES]
        if (variants := _variants(frames, min_quality))
    ]
    apart = _least_distances(hashes_of_hex(hashes[:MAX_HASHES]), [variants for _, variants in files])
    order = np.argsort(apart, kind="stable")[:MAX_SHOWN]
    return Preview(
        files=min(len(found), MAX_FILES),
        is_limited=len(found) > MAX_FILES,
        counts=[(distance, int((apart <= distance).sum())) for distance in DISTANCES],
        nearest=[
            NearFile(files[place][0], int(apart[place])) for place in order if apart[place] <= DISTANCES[-1]
        ],
    )


def _variants(frames: Iterable[dict[str, Any]], min_quality: int) -> list[str]:
    """The hashes of a file's frames that are good enough, with their rotations and flips."""
    return [text for frame in frames if frame["quality"] >= min_quality for text in frame["pdq"]]


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
