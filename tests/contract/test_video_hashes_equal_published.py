"""Our PDQ hashes of the frames of videos against published ones."""

from pathlib import Path
from typing import NamedTuple

import pytest

from scoring.images.frames import VideoLimits, VideoStill, open_video
from scoring.images.hashes import distances, parse_hash

MAX_DIFFERENCE = 24
MIN_QUALITY = 5  # of frames that are all but black, noise decides the hash; others drop frames below 50
EVERY_FRAME = VideoLimits(interval=0, max_samples=1_000)


class PublishedFrame(NamedTuple):
    quality: int
    hash: str
    at: float


@pytest.fixture(params=["doorknob-hd-no-bar", "test-padded-dimensions"])
def path(request: pytest.FixtureRequest, test_data: Path) -> Path:
    return test_data / "media" / "videos" / f"{request.param}.mp4"


@pytest.fixture
def published(path: Path) -> list[PublishedFrame]:
    rows = [line.split(",") for line in path.with_suffix(".txt").read_text().split()]
    return [PublishedFrame(int(quality), text, float(at)) for _, quality, text, at in rows]


@pytest.fixture
def stills(path: Path) -> list[VideoStill]:
    return list(open_video(path, media_type="video/mp4", limits=EVERY_FRAME).stills())


def test_every_frame_has_the_published_hash_quality_and_time(
    stills: list[VideoStill], published: list[PublishedFrame]
) -> None:
    assert len(stills) == len(published)
    for still, frame in zip(stills, published, strict=True):
        found = still.pdq()
        assert still.at == pytest.approx(frame.at, abs=0.001)
        assert abs(found.quality - frame.quality) <= 1
        if frame.quality >= MIN_QUALITY:
            assert distances(found.hash, parse_hash(frame.hash)) <= MAX_DIFFERENCE


def test_frames_of_a_second_are_the_first_of_each(path: Path, stills: list[VideoStill]) -> None:
    sampled = open_video(path, media_type="video/mp4").stills()
    assert [still.at for still in sampled] == [still.at for still in stills[::30]]
