"""Videos are sampled by time; what is too long, damaged or no video is refused with a reason."""

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from scoring.images import frames
from scoring.images.errors import (
    DecoderMissing,
    ImageTooLarge,
    ImageTypeNotAllowed,
    UnreadableVideo,
    VideoTooLong,
)
from scoring.images.frames import READERS, OpenedVideo, VideoLimits, open_video, step_of
from scoring.images.hashes import distances
from scoring.images.pdq import VARIANTS, pdq

AS_STORED = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)  # the matrix of an MP4 track
WIDTH, HEIGHT, RATE, GROUP = 160, 96, 10, 10
# Media type, FFmpeg's writer, and codec.
FORMATS = [
    ("video/mp4", "mp4", "libx264"),
    ("video/quicktime", "mov", "mpeg4"),
    ("video/x-matroska", "matroska", "libx264"),
    ("video/x-matroska", "webm", "libvpx"),
    ("video/avi", "avi", "mpeg4"),
    ("video/mpeg", "mpeg", "mpeg2video"),
    ("video/mpeg", "mpeg2video", "mpeg2video"),
]


def pictures(count: int) -> Iterator[np.ndarray]:
    """Colored squares that drift from one frame to the next, a new scene each second."""
    for number in range(count):
        colors = np.random.default_rng(number // RATE).integers(30, 225, (6, 10, 3), dtype=np.uint8)
        yield np.roll(np.kron(colors, np.ones((16, 16, 1), np.uint8)), number % RATE, axis=1)


def video(
    writer: str = "mp4",
    codec: str = "libx264",
    count: int = 40,
    times: Sequence[int] | None = None,
    **options: str,
) -> bytes:
    """`times`: of the frames, in their usual distances."""
    file = BytesIO()
    with av.open(file, "w", format=writer, options=options) as container:
        stream = container.add_stream(codec, rate=25 if codec == "mpeg2video" else RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = GROUP
        for time, picture in zip(times or range(count), pictures(count), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = time
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "video"


def opened(path: Path, content: bytes, media_type: str = "video/mp4", **limits: float) -> OpenedVideo:
    path.write_bytes(content)
    return open_video(path, media_type=media_type, limits=VideoLimits(**limits))  # type: ignore[arg-type]


@pytest.mark.parametrize(("media_type", "writer", "codec"), FORMATS)
def test_every_frame_of_every_format_is_read(path: Path, media_type: str, writer: str, codec: str) -> None:
    found = opened(path, video(writer, codec), media_type, interval=0)
    assert (found.width, found.height, found.frames) == (WIDTH, HEIGHT, 40)
    stills = list(found.stills())
    assert len(stills) >= 39  # players, too, leave out the last frame of an MPEG stream
    for still, picture in zip(stills, pictures(40), strict=False):
        assert still.pixels.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(still.pixels.astype(int) - picture).mean() < 25


def test_frames_are_sampled_by_time(path: Path) -> None:
    found = opened(path, video())
    assert found.seconds == pytest.approx(3.9)
    assert [still.at for still in found.stills()] == pytest.approx([0, 1, 2, 3])
    assert [still.at for still in opened(path, video(), interval=0.25).stills()] == pytest.approx(
        [place * 0.2 for place in range(20)]  # a quarter of a second holds two frames, rounded down
    )


@pytest.mark.parametrize(
    ("stamps", "seconds", "rate", "interval", "step"),
    [
        (range(300), 299 / 30, 30.0, 1.0, 30),
        (range(300), 299 / 29.97, 29.97, 1.0, 29),
        (range(300), 299 / 30, 30.0, 0.0, 1),  # every frame
        (range(10), 90.0, 0.1, 1.0, 1),  # less than a frame a second
        (range(300), 10.0, 1_000.0, 1.0, 0),  # the stated rate is not the true one
        ([*range(10), 100], 10.0, 1.0, 1.0, 0),  # not evenly spaced
        ([0], 0.0, 25.0, 1.0, 0),
    ],
)
def test_every_how_many_frames_one_is_taken(
    stamps: Sequence[int], seconds: float, rate: float, interval: float, step: int
) -> None:
    assert step_of(stamps, seconds, rate=rate, interval=interval) == step


def test_unevenly_spaced_frames_are_sampled_by_time(path: Path) -> None:
    found = opened(path, video(times=[*range(10), *range(20, 50)]), interval=0.5)
    assert [round(still.at, 1) for still in found.stills()] == [0, 0.5, 2, 2.5, 3, 3.5, 4, 4.5]


def test_times_count_from_the_first_frame(path: Path) -> None:
    found = opened(path, video("mpeg", "mpeg2video"), "video/mpeg", interval=0.5)
    assert [still.at for still in found.stills()] == pytest.approx([0, 0.48, 0.96, 1.44], abs=0.001)


@pytest.mark.parametrize("limits", [{"max_samples": 3}, {"max_decoded_pixels": 1}])
@pytest.mark.parametrize(("media_type", "writer", "codec"), FORMATS[:4])
def test_of_a_long_video_key_frames_are_decoded(
    path: Path, media_type: str, writer: str, codec: str, limits: dict[str, int]
) -> None:
    found = opened(path, video(writer, codec), media_type, **limits)
    assert not found.is_decoded_whole
    stills = list(found.stills())
    keys = [moment for moment in found.moments if moment.is_key]
    assert len(stills) == min(len(keys), limits.get("max_samples", 1_000))
    shown = list(pictures(40))
    for still in stills:
        assert np.abs(still.pixels.astype(int) - shown[round(still.at * RATE)]).mean() < 25


def test_the_hash_of_a_frame_is_that_of_its_pixels(path: Path) -> None:
    """Up to the rounding of the conversion to RGB."""
    for still in opened(path, video()).stills():
        ours, of_pixels = still.pdq(), pdq(still.pixels)
        assert distances(ours.hash, of_pixels.hash) <= 16
        assert abs(ours.quality - of_pixels.quality) <= 2


def test_rotated_frames_are_upright(path: Path) -> None:
    """A phone that is held upright stores its pictures lying, and states by a matrix that they are turned."""
    content = video()
    lying = next(opened(path, content).stills())
    pixels, hashes = lying.pixels, lying.pdq().variants
    at = content.index(AS_STORED, content.index(b"tkhd"))
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, HEIGHT << 16, 0, 1 << 30)
    still = next(opened(path, content[:at] + turned + content[at + len(AS_STORED) :]).stills())
    assert still.pixels.tolist() == np.rot90(pixels, -1).tolist()
    assert VARIANTS[distances(still.pdq().hash, hashes).argmin()] == "rotated right"


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        ({"max_edge": WIDTH - 1}, ImageTooLarge, "the image has 160 x 96 pixels"),
        ({"max_pixels": WIDTH * HEIGHT - 1}, ImageTooLarge, "the image has 160 x 96 pixels"),
        ({"max_seconds": 3.0}, VideoTooLong, "the video has 4 seconds; allowed are at most 3"),
        ({"max_frames": 39}, VideoTooLong, "the video has more than 39 frames; allowed are at most 39"),
    ],
)
def test_videos_beyond_the_limits_are_refused(
    path: Path, limits: dict[str, float], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        opened(path, video(), **limits)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "video/mp4"),
        (b"\0\0\0\x18ftypmp42" + bytes(500), "video/mp4"),
        (b"\x1a\x45\xdf\xa3" + bytes(500), "video/x-matroska"),
        (b"<html><script>", "video/avi"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", "video/mp4"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "video/mpeg"),
    ],
)
def test_what_is_no_video_is_refused(path: Path, content: bytes, media_type: str) -> None:
    with pytest.raises(UnreadableVideo, match=f"cannot be read as {media_type}: it"):
        list(opened(path, content, media_type).stills())


def test_a_video_of_another_type_is_refused(path: Path) -> None:
    for media_type in set(READERS) - {"video/mp4", "video/quicktime"}:
        with pytest.raises(UnreadableVideo):
            list(opened(path, video(), media_type).stills())


def test_a_file_of_sound_has_no_frames(path: Path) -> None:
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8_000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1_024), np.float32), format="fltp", layout="mono")
        sound.sample_rate, sound.time_base = 8_000, Fraction(1, 8_000)
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableVideo, match="it has no video stream"):
        opened(path, file.getvalue())


@pytest.mark.parametrize(("media_type", "writer", "codec"), FORMATS)
@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.95])
def test_a_truncated_video_is_read_as_far_as_it_goes_or_refused(
    path: Path, media_type: str, writer: str, codec: str, share: float
) -> None:
    content = video(writer, codec)
    try:
        found = opened(path, content[: int(len(content) * share)], media_type, interval=0)
        assert 0 < len(list(found.stills())) <= found.frames <= 40
    except UnreadableVideo as error:
        assert f"cannot be read as {media_type}: it " in str(error)  # noqa: PT017 (either is right)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_videos_are_read_or_refused(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = np.frombuffer(video(*(FORMATS[seed % len(FORMATS)][1:])), np.uint8).copy()
    content[rng.integers(0, len(content), 40)] = rng.integers(0, 256, 40)
    try:
        found = opened(path, content.tobytes(), FORMATS[seed % len(FORMATS)][0], max_pixels=10**6)
        assert list(found.stills())
    except (UnreadableVideo, ImageTooLarge, VideoTooLong) as error:
        assert str(error)  # noqa: PT017 (either is right)


def test_a_damaged_frame_is_left_out(path: Path) -> None:
    content = bytearray(video("avi", "mpeg4"))
    at = content.index(b"00dc", len(content) // 2)
    content[at + 8 : at + 60] = bytes(52)
    stills = list(opened(path, bytes(content), "video/avi", interval=0).stills())
    assert 30 < len(stills) <= 40


def test_other_types_are_refused(path: Path) -> None:
    with pytest.raises(ImageTypeNotAllowed, match="x-mpegurl is not decoded; allowed are video/mp4"):
        opened(path, b"", "application/x-mpegurl")


def test_without_its_decoder_a_video_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "HAS_VIDEO", False)
    with pytest.raises(DecoderMissing, match="video/mp4 is not decoded here; install the package av"):
        opened(path, b"")
