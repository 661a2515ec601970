"""Videos match by the shares of their frames that are near to each other."""

import numpy as np
import pytest

from scoring.images.hashes import Words
from scoring.images.video_matching import VideoMatch, match_videos

NONE = np.zeros((0, 4), np.uint64)


def frames(count: int, seed: int = 1) -> Words:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


def test_a_video_matches_itself_whole() -> None:
    assert match_videos(frames(7), frames(7), distance=0) == VideoMatch(1.0, 1.0)


def test_other_videos_have_nothing_in_common() -> None:
    assert match_videos(frames(7), frames(5, seed=2), distance=31) == VideoMatch(0.0, 0.0)


def test_a_piece_has_all_its_frames_in_common_and_the_whole_few() -> None:
    whole = frames(20)
    assert match_videos(whole[5:10], whole, distance=31) == VideoMatch(1.0, 0.25)
    assert match_videos(whole, whole[5:10], distance=31) == VideoMatch(0.25, 1.0)


def test_frames_match_up_to_the_distance() -> None:
    one = frames(3)
    other = one.copy()
    other[0, 0] ^= np.uint64(0xFFFF)
    assert match_videos(one, other, distance=16) == VideoMatch(1.0, 1.0)
    assert match_videos(one, other, distance=15).of_one == pytest.approx(2 / 3)


def test_one_of_the_turned_hashes_is_enough() -> None:
    one, turned = frames(4), frames(4 * 8, seed=3).reshape(4, 8, 4).copy()
    assert match_videos(one, turned, distance=31) == VideoMatch(0.0, 0.0)
    turned[1, 6] = one[2]
    assert match_videos(one, turned, distance=31) == VideoMatch(0.25, 0.25)


def test_a_video_without_frames_matches_nothing() -> None:
    assert match_videos(NONE, frames(3), distance=31) == VideoMatch(0.0, 0.0)
    assert match_videos(frames(3), NONE, distance=31) == VideoMatch(0.0, 0.0)
