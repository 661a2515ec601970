"""The videos of one bank in memory: an index of their frames, and which of them a file's frames match.

A video matches a known one if enough of its own frames have a match among the frames of the known one, and
enough of those have a match among its own. Frames are compared as vPDQ does: an unordered set, without those
of too low a quality, equal ones once; in each of the 8 rotations and flips.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.images.hashes import Words, distances, words_of
from scoring.rules.banks.models import MAX_VIDEO_FRAMES
from scoring.rules.banks.search.item_table import Conditions, ItemColumns

if TYPE_CHECKING:  # it imports numba, which processes without banks in memory do without
    from scoring.images.hash_index import HashIndex

Ids = NDArray[np.int64]

# The id of a frame is that of its video times this, and its place in the video.
FRAME_NUMBERS = 1 << MAX_VIDEO_FRAMES.bit_length()
SHARE_DIGITS = 4  # of a share that is recorded


class VideoThresholds(NamedTuple):
    """How many percent of a video's frames, and of a known video's frames, must match."""

    query_percent: int
    compared_percent: int


class FoundVideo(NamedTuple):
    """A known video that matches, by its id, with both shares of frames, and the distance of the nearest."""

    item: int
    query_share: float
    known_share: float
    distance: int


@dataclass(frozen=True, slots=True, eq=False)
class VideoColumns:
    """Videos, and all their frames in order of their ids: hashes uint64[n, 4], and quality."""

    videos: ItemColumns
    frame_ids: Ids
    hashes: Words
    quality: NDArray[np.int16]

    @classmethod
    def of(cls, videos: ItemColumns, frames: Sequence[Sequence[str]]) -> "VideoColumns":
        """`frames`: of each video as vPDQ writes them, "hash,quality,seconds"."""
        cells = [line.split(",") for lines in frames for line in lines]
        starts = [video * FRAME_NUMBERS for video in videos.ids.tolist()]
        return cls(
            videos,
            np.asarray(
                [
                    start + place
                    for start, each in zip(starts, frames, strict=True)
                    for place in range(len(each))
                ],
                np.int64,
            ),
            words_of(bytes.fromhex("".join(cell[0] for cell in cells))),
            np.asarray([int(cell[1]) for cell in cells], np.int16),
        )

    def followed_by(self, later: "VideoColumns") -> "VideoColumns":
        """These and later videos, whose ids are all greater."""
        return VideoColumns(
            self.videos.followed_by(later.videos),
            np.concatenate((self.frame_ids, later.frame_ids)),
            np.concatenate((self.hashes, later.hashes)),
            np.concatenate((self.quality, later.quality)),
        )

    def without(self, frames: NDArray[np.bool_], videos: Sequence[int]) -> "VideoColumns":
        """These without some videos, by their ids, all of whose frames are marked."""
        return VideoColumns(
            self.videos.without(videos), self.frame_ids[~frames], self.hashes[~frames], self.quality[~frames]
        )

    def frames_of(self, video: int) -> slice:
        """Where the frames of a video are."""
        edges = np.searchsorted(self.frame_ids, [video * FRAME_NUMBERS, (video + 1) * FRAME_NUMBERS])
        return slice(*edges.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class VideoTable:
    """The videos of a bank; never changed, `changed` gives the next table.

    `index`: of their frames; None to compare every frame, in processes that do without numba.
    """

    columns: VideoColumns
    index: "HashIndex | None" = None

    def __len__(self) -> int:
        """The number of videos, expired ones too."""
        return len(self.columns.videos.ids)

    def indexed(self) -> "VideoTable":
        """The table with an index of its frames."""
        if self.index is not None or not len(self):
            return self
        from scoring.images.hash_index import HashIndex  # noqa: PLC0415 (numba)

        return VideoTable(self.columns, HashIndex.of(self.columns.hashes, self.columns.frame_ids))

    def changed(self, added: VideoColumns, removed: Sequence[int]) -> "VideoTable":
        """The table after videos were removed, by their ids, and others added; with an index."""
        is_gone = np.isin(self.columns.frame_ids // FRAME_NUMBERS, np.asarray(removed, np.int64))
        columns = self.columns.without(is_gone, removed).followed_by(added)
        if self.index is None:
            return VideoTable(columns).indexed()
        index = self.index.changed((added.hashes, added.frame_ids), self.columns.frame_ids[is_gone])
        return VideoTable(columns, index)

    def best_match(
        self, frames: Words, conditions: Conditions, thresholds: VideoThresholds
    ) -> FoundVideo | None:
        """The known video that has most in common with `frames` uint64[n, 8, 4], each different; None if none
        reaches both thresholds. Of equals the nearest, then the first added.
        """
        needed = max(ceil(len(frames) * thresholds.query_percent / 100), 1)
        tallies: dict[int, _Tally] = {}
        most = 0
        for place, variants in enumerate(frames):
            if most + len(frames) - place < needed:
                return None  # no video can still reach its share
            for video, near in self._by_video(variants, conditions):
                tally = tallies.setdefault(video, _Tally())
                tally.add(near)
                most = max(most, tally.matched)
        found = [self._measured(video, tally, len(frames), conditions) for video, tally in tallies.items()]
        reached = [each for each in found if each.reaches(thresholds)]
        return min(reached, key=_Measured.order).found if reached else None

    def _by_video(self, variants: Words, conditions: Conditions) -> list[tuple[int, dict[int, int]]]:
        """The videos with frames near any variant of a frame; of each those frames with their distances."""
        videos: dict[int, dict[int, int]] = {}
        for query in variants:
            ids, apart = self._near(query, conditions)
            for frame, distance in zip(ids.tolist(), apart.tolist(), strict=True):
                frames = videos.setdefault(frame // FRAME_NUMBERS, {})
                frames[frame] = min(distance, frames.get(frame, distance))
        return list(videos.items())

    def _near(self, query: Words, conditions: Conditions) -> tuple[Ids, NDArray[np.int64]]:
        """The frames near a hash that are good enough, of videos that hold, and their distances."""
        if self.index is not None:
            ids, apart = self.index.search(query, conditions.distance)
        else:
            apart = distances(query, self.columns.hashes)
            near = apart <= conditions.distance
            ids, apart = self.columns.frame_ids[near], apart[near]
        good = self.columns.quality[np.searchsorted(self.columns.frame_ids, ids)] >= conditions.min_quality
        good &= self.columns.videos.holding(ids // FRAME_NUMBERS, conditions)
        return ids[good], apart[good]

    def _measured(self, video: int, tally: "_Tally", frames: int, conditions: Conditions) -> "_Measured":
        known = int((self.columns.quality[self.columns.frames_of(video)] >= conditions.min_quality).sum())
        return _Measured(video, tally.matched, frames, len(tally.frames), known, tally.distance)


@dataclass(slots=True)
class _Tally:
    """What a file has in common with a known video so far: frames of its own, those of the known one."""

    matched: int = 0
    frames: set[int] = field(default_factory=set)
    distance: int = 256

    def add(self, near: dict[int, int]) -> None:
        self.matched += 1
        self.frames |= near.keys()
        self.distance = min(self.distance, *near.values())


class _Measured(NamedTuple):
    """How many of a file's frames, and of a known video's frames, match."""

    video: int
    matched: int
    frames: int
    known_matched: int
    known_frames: int
    distance: int

    def reaches(self, thresholds: VideoThresholds) -> bool:
        return (
            self.matched * 100 >= thresholds.query_percent * self.frames
            and self.known_matched * 100 >= thresholds.compared_percent * self.known_frames
        )

    def order(self) -> tuple[Any, ...]:
        return (-self.matched, -self.known_matched / self.known_frames, self.distance, self.video)

    @property
    def found(self) -> FoundVideo:
        query, known = self.matched / self.frames, self.known_matched / self.known_frames
        return FoundVideo(self.video, round(query, SHARE_DIGITS), round(known, SHARE_DIGITS), self.distance)


def no_videos() -> VideoTable:
    """The table of a bank without videos."""
    return VideoTable(VideoColumns.of(ItemColumns.of([], [], [], []), []))
