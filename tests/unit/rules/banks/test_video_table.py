"""Videos match by the share of frames in both directions, as vPDQ's description says."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.images.video_matching import unequal
from scoring.rules.banks.models import MAX_VIDEO_FRAMES
from scoring.rules.banks.search.hits import media_of
from scoring.rules.banks.search.item_table import NEVER, NOT_REMOVED, Conditions, ItemColumns
from scoring.rules.banks.search.video_table import (
    FRAME_NUMBERS,
    FoundVideo,
    VideoColumns,
    VideoTable,
    VideoThresholds,
)
from tests.factories.banks import differing, frame_lines, pdq, video

A, B, C, D = (pdq(letter) for letter in "abcd")
ANY = VideoThresholds(0, 0)


def table(*videos: Sequence[str], expires: int = NEVER, first: int = 1) -> VideoTable:
    """A table of videos by their frames as vPDQ writes them; the ids count from `first`."""
    number = len(videos)
    ids = range(first, first + number)
    columns = ItemColumns.of(ids, [expires] * number, [NOT_REMOVED] * number, [100] * number)
    return VideoTable(VideoColumns.of(columns, videos))


def match(
    known: VideoTable, *frames: str, thresholds: VideoThresholds = ANY, now_us: int = 0, quality: int = 100
) -> FoundVideo | None:
    [media] = media_of({"media": [video(*frames, quality=quality)]})
    frames_of_quality = unequal(media.frames_of_quality(50))
    return known.best_match(frames_of_quality, Conditions(31, 50, now_us), thresholds)


def test_the_shares_are_those_of_frames_with_a_match_in_the_other_video() -> None:
    known = table(frame_lines(A, B, C, D))
    assert match(known, differing(A, 3), pdq("x")) == FoundVideo(1, 0.5, 0.25, 3)
    assert match(known, pdq("x"), pdq("y")) is None


@pytest.mark.parametrize(
    ("query", "compared", "matches"),
    [(66, 50, True), (67, 50, False), (66, 51, False), (0, 0, True), (100, 0, False)],
)
def test_both_thresholds_must_be_reached(query: int, compared: int, matches: bool) -> None:
    """Two of three frames match, which are half of the known ones."""
    known = table(frame_lines(A, B, C, D))
    found = match(known, A, B, pdq("x"), thresholds=VideoThresholds(query, compared))
    assert (found is not None) is matches


def test_the_video_with_most_in_common_is_found() -> None:
    known = table(frame_lines(A, pdq("x")), frame_lines(A, B), frame_lines(A, B, C, D), frame_lines(A, B))
    found = match(known, A, B)
    assert found == FoundVideo(2, 1.0, 1.0, 0)


def test_frames_of_low_quality_do_not_count_and_equal_ones_count_once() -> None:
    known = table((*frame_lines(A, B), *frame_lines(C, D, quality=49)))
    assert match(known, A, A, A, pdq("x")) == FoundVideo(1, 0.5, 0.5, 0)
    assert match(known, C, D) is None
    assert match(known, A, B, quality=49) is None


def test_a_rotated_or_flipped_video_matches() -> None:
    [media] = media_of({"media": [video(A, B)]})
    turned = np.roll(media.frames, 3, axis=1)
    assert table(frame_lines(A, B)).best_match(turned, Conditions(31, 50, 0), ANY) == FoundVideo(1, 1, 1, 0)


def test_expired_videos_and_those_of_other_versions_do_not_match() -> None:
    known = table(frame_lines(A), expires=10)
    assert match(known, A, now_us=9)
    assert match(known, A, now_us=10) is None
    later = table(frame_lines(A), first=2_000)
    for version, matches in ((1, False), (2, True)):
        [media] = media_of({"media": [video(A)]})
        found = later.best_match(media.frames, Conditions(31, 50, 0, version), ANY)
        assert (found is not None) is matches


def test_a_changed_table_answers_as_one_made_anew() -> None:
    known = table(frame_lines(A, B), frame_lines(C)).indexed()
    added = table(frame_lines(D, A), first=3)
    changed = known.changed(added.columns, [1])
    assert len(changed) == 2
    assert match(changed, A) == FoundVideo(3, 1.0, 0.5, 0)
    assert match(changed, B) is None
    assert match(changed.changed(table(first=4).columns, [2, 3]), A, C) is None


def reference(
    frames: Sequence[str], known: Sequence[Sequence[str]], thresholds: VideoThresholds
) -> list[tuple[int, float, float]]:
    """The description of vPDQ, as plainly as can be: the videos that match, with both shares."""
    found = []
    for number, hashes in enumerate(known, start=1):
        query, compared = set(frames), set(hashes)
        apart = {(q, c): (int(q, 16) ^ int(c, 16)).bit_count() for q in query for c in compared}
        of_query = sum(any(apart[q, c] <= 31 for c in compared) for q in query) / len(query)
        of_known = sum(any(apart[q, c] <= 31 for q in query) for c in compared) / len(compared)
        reaches = of_query * 100 >= thresholds[0] and of_known * 100 >= thresholds[1]
        if of_query and reaches:
            found.append((number, round(of_query, 4), round(of_known, 4)))
    return sorted(found, key=lambda each: (-each[1], -each[2]))


HASHES = [differing(pdq(seed), bits) for seed in range(4) for bits in (0, 20, 50)]
PERCENTS = st.sampled_from([0, 25, 50, 80, 100])
VIDEOS = st.lists(st.sampled_from(HASHES), min_size=1, max_size=8)


@pytest.mark.parametrize("indexed", [False, True])
@given(
    VIDEOS, st.lists(VIDEOS, max_size=4), st.sampled_from([0, 25, 50, 80, 100]), st.sampled_from([0, 50, 100])
)
def test_it_answers_as_the_description_of_vpdq(
    indexed: bool, frames: list[str], known: list[list[str]], query: int, compared: int
) -> None:
    thresholds = VideoThresholds(query, compared)
    made = table(*(frame_lines(*dict.fromkeys(each)) for each in known))
    found = match(made.indexed() if indexed else made, *frames, thresholds=thresholds)
    expected = reference(frames, known, thresholds)
    if found is None:
        assert expected == []
    else:
        assert (found.query_share, found.known_share) == expected[0][1:]
        assert found.item in {number for number, *_ in expected}


def test_the_frames_of_a_video_have_numbers_of_their_own() -> None:
    assert MAX_VIDEO_FRAMES <= FRAME_NUMBERS
