"""How much two videos have in common, by the hashes of their frames.

The terms are those of vPDQ (https://github.com/facebook/ThreatExchange/tree/main/vpdq): the frames of a video
are an unordered set of hashes, and of each of two videos a share of the frames has a match in the other one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scoring.images.hashes import WORDS, Words, distances

SAME_DISTANCE = 4  # bits: frames that differ by no more from the one kept before say nothing new


class VideoMatch(NamedTuple):
    """The shares of frames that have a match in the other video, 0 to 1.

    A short piece of a long video has a high share of its own, while the share of the long one is low.
    """

    of_one: float
    of_other: float


def match_videos(one: Words, other: Words, *, distance: int) -> VideoMatch:
    """Compare the frames uint64[n, 4] of one video with those of another, uint64[m, 4] or, with the hashes of
    their rotations and flips, uint64[m, 8, 4]. Frames match if any two hashes are within `distance`.

    A video without frames matches nothing.
    """
    if not len(one) or not len(other):
        return VideoMatch(0.0, 0.0)
    variants = other.reshape(len(other), -1, WORDS)
    near = np.stack([distances(frame, variants).min(axis=1) <= distance for frame in one])
    return VideoMatch(float(near.any(axis=1).mean()), float(near.any(axis=0).mean()))


def distinct_frames(hashes: Sequence[str]) -> list[int]:
    """The places of the frames that differ from the one kept before, by their hashes in hex.

    A scene that stands still counts as one frame, not as one for each second.
    """
    kept: list[int] = []
    for place, each in enumerate(hashes):
        if not kept or _distance(hashes[kept[-1]], each) > SAME_DISTANCE:
            kept.append(place)
    return kept


def unequal(frames: Words) -> Words:
    """The different ones of frames with the hashes of their variants, uint64[n, v, 4], by the first variant.

    As in vPDQ, equal frames count once. Their order stays.
    """
    _, first = np.unique(frames[:, 0], axis=0, return_index=True)
    return frames[np.sort(first)]


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
