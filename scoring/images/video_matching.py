"""How much two videos have in common, by the hashes of their frames."""

from typing import NamedTuple

import numpy as np

from scoring.images.hashes import WORDS, Words, distances


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
