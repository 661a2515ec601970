"""Frames of videos from unknown senders, sampled by time.

A video is read twice. First its packets, which costs little and tells its true length; what the header states
is not relied on. Then its frames: all of them if that is affordable, of which about one a second is taken:
the same ones that vPDQ hashes (https://github.com/facebook/ThreatExchange/tree/main/vpdq), if they are evenly
spaced. Of a longer video only key frames are decoded, which encoders put where scenes begin.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from scoring.images.decoding import ImageLimits
from scoring.images.errors import DecoderMissing, ImageTypeNotAllowed, UnreadableVideo, VideoTooLong
from scoring.images.pdq import Pdq, Pixels, pdq
from scoring.images.spread import spread_evenly

try:
    import av
    from av.video.reformatter import Colorspace, Interpolation
except ImportError:  # its wheel has parts under the GPL, so it may have been left out on purpose
    HAS_VIDEO = False
else:
    HAS_VIDEO = True
    av.logging.set_level(av.logging.PANIC)  # damaged files are reported by their errors

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# FFmpeg's readers by media type. No other is ever asked: some open further files or addresses.
READERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-matroska": "matroska",
    "video/avi": "avi",
    "video/mpeg": "mpeg",
}
_MPEG_STREAM = b"\0\0\x01\xb3"  # the beginning of an MPEG video without a container
_EVEN = 1.5  # the largest gap between evenly spaced frames, in gaps of the mean length
_SAME_RATE = 0.02  # by how much of itself the stated rate may differ from the measured one


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What may be read, and how: at most `max_samples` frames, `interval` seconds apart (0: every frame).

    `max_decoded_pixels`: of all frames together; of a video that has more, only key frames are decoded.
    """

    max_edge: int = 8_192
    max_pixels: int = 36_000_000
    max_seconds: float = 4 * 3_600
    max_frames: int = 1_000_000
    max_decoded_pixels: int = 4_000_000_000
    max_samples: int = 120
    interval: float = 1.0


VIDEO_LIMITS = VideoLimits()


class Moment(NamedTuple):
    """A frame that is not decoded yet: its time stamp, and whether it can be decoded alone."""

    pts: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class VideoStill:
    """A decoded frame of a video.

    It is hashed as vPDQ's reference does: in RGB by the matrix of ITU-R BT.601, whatever the frame states, so
    that the luminance stays the one that is stored, and what is blacker than black is clipped. Rounding is
    exact. FFmpeg's fast conversion adds a pattern of one level instead, of which the hash of a nearly black
    frame would be made.
    """

    at: float
    _frame: "VideoFrame"

    @property
    def pixels(self) -> Pixels:
        """RGB, uint8[height, width, 3], upright."""
        return _upright(np.asarray(self._frame.to_ndarray(format="rgb24"), np.uint8), self._frame)

    def pdq(self) -> Pdq:
        converted = self._frame.reformat(
            format="rgb24",
            src_colorspace=Colorspace.ITU601,
            dst_colorspace=Colorspace.ITU601,
            interpolation=Interpolation.POINT | Interpolation.ACCURATE_RND,
            threads=1,  # a worker has one core
        )
        return pdq(_upright(np.asarray(converted.to_ndarray(), np.uint8), self._frame))


class _Source(NamedTuple):
    """An open file and its stream of pictures."""

    container: "InputContainer"
    stream: "VideoStream"

    def packets(self) -> "Iterator[Packet[VideoStream]]":
        """The last one is empty."""
        return self.container.demux(self.stream)

    def seconds(self, stamp: int) -> float:
        return float(stamp * self.stream.time_base) if self.stream.time_base else 0.0


@dataclass(frozen=True, slots=True)
class OpenedVideo:
    """A video whose frames are not decoded yet. Width and height are those of its frames as stored.

    `step`: every such frame is taken, counted from the first one; 0 for the first frame of each interval.
    """

    media_type: str
    width: int
    height: int
    seconds: float  # from the first frame to the last one
    moments: tuple[Moment, ...]
    step: int
    _path: Path
    _limits: VideoLimits

    @property
    def frames(self) -> int:
        return len(self.moments)

    @property
    def is_decoded_whole(self) -> bool:
        """Whether all frames are decoded to sample it."""
        pixels = self.frames * self.width * self.height
        return pixels <= self._limits.max_decoded_pixels and self._samples <= self._limits.max_samples

    @property
    def _samples(self) -> float:
        """About how many frames are taken if all are decoded."""
        return self.frames / self.step if self.step else self.seconds / self._limits.interval

    def stills(self) -> Iterator[VideoStill]:
        """The sampled frames in the order of their times; raises UnreadableVideo, ImageTooLarge.

        A damaged frame is left out, as players do.
        """
        start = min(moment.pts for moment in self.moments)
        found = 0
        with _opened(self._path, self.media_type) as source:
            frames = self._all_frames(source) if self.is_decoded_whole else self._key_frames(source)
            for frame in frames:
                _check_size(frame.width, frame.height, self._limits)
                found += 1
                yield VideoStill(source.seconds((frame.pts or start) - start), frame)
        if not found:
            raise UnreadableVideo(self.media_type, "none of its frames can be decoded")

    def _all_frames(self, source: _Source) -> Iterator["VideoFrame"]:
        """The frames that are taken. No more are decoded than there are packets."""
        following = None
        for place, (frame, _) in enumerate(zip(_decoded(source.packets()), self.moments, strict=False)):
            if self.step:
                if place % self.step == 0:
                    yield frame
                continue
            at = source.seconds(frame.pts or 0)
            if following is None or at >= following - 1e-6:
                yield frame
                following = (at if following is None else following) + self._limits.interval
                if following <= at:  # after a gap
                    following = at + self._limits.interval

    def _key_frames(self, source: _Source) -> Iterator["VideoFrame"]:
        """Key frames, spread evenly over all of them; each is decoded alone."""
        keys = sorted({moment.pts for moment in self.moments if moment.is_key}) or [self.moments[0].pts]
        wanted = {keys[place] for place in spread_evenly(len(keys), self._limits.max_samples)}
        decoder = source.stream.codec_context
        for packet in source.packets():
            if packet.size and _pts(packet) in wanted:
                yield from _decoded([packet])
                with suppress(av.FFmpegError):
                    yield from decoder.decode(None)
                decoder.flush_buffers()


def open_video(path: Path, *, media_type: str, limits: VideoLimits = VIDEO_LIMITS) -> OpenedVideo:
    """Open a video of the type that its first bytes say, and read its packets.

    Raises ImageTypeNotAllowed, DecoderMissing, UnreadableVideo, ImageTooLarge or VideoTooLong.
    """
    if media_type not in READERS:
        raise ImageTypeNotAllowed(media_type, READERS)
    if not HAS_VIDEO:
        raise DecoderMissing(media_type, "av")
    with _opened(path, media_type) as source:
        width, height = source.stream.codec_context.width, source.stream.codec_context.height
        _check_size(width, height, limits)
        moments = tuple(_moments(source, media_type, limits))
        if not moments:
            raise UnreadableVideo(media_type, "it has no frames")
        stamps = [moment.pts for moment in moments]
        seconds = source.seconds(max(stamps) - min(stamps))
        rate = float(source.stream.average_rate or 0)
    if seconds > limits.max_seconds:
        raise VideoTooLong(f"{seconds:,.0f} seconds", f"at most {limits.max_seconds:,.0f}")
    step = step_of(stamps, seconds, rate=rate, interval=limits.interval)
    return OpenedVideo(media_type, width, height, seconds, moments, step, path, limits)


def step_of(stamps: Sequence[int], seconds: float, *, rate: float, interval: float) -> int:
    """Which frames are taken, `interval` seconds apart: every how many, 0 for by their times.

    `stamps`: the times of the frames in any unit, `seconds` apart in all; `rate`: frames a second as stated.
    As in vPDQ the interval holds a whole number of frames, rounded down, at least one. Frames that are not
    spaced evenly, or not at the stated rate, are taken by their times.

    >>> step_of(range(300), 299 / 29.97, rate=29.97, interval=1)
    29
    >>> step_of([0, 1, 2, 100], 10, rate=0.4, interval=1)
    0
    """
    if not interval:
        return 1
    gaps = np.diff(np.sort(np.asarray(stamps)))
    if not gaps.size or not seconds or gaps.max() > _EVEN * gaps.mean():
        return 0
    is_stated = abs(len(gaps) / seconds - rate) <= _SAME_RATE * rate
    return max(int(rate * interval), 1) if is_stated else 0


def _moments(source: _Source, media_type: str, limits: VideoLimits) -> Iterator[Moment]:
    for place, packet in enumerate(source.packets()):
        if packet.size == 0:  # the end
            return
        if packet.is_corrupt:
            raise UnreadableVideo(media_type, f"it is truncated after {place:,} frames")
        if place >= limits.max_frames:
            raise VideoTooLong(f"more than {limits.max_frames:,} frames", f"at most {limits.max_frames:,}")
        yield Moment(_pts(packet), bool(packet.is_keyframe))


def _decoded(packets: "Iterable[Packet[VideoStream]]") -> Iterator["VideoFrame"]:
    """The frames of packets, without those that are damaged."""
    for packet in packets:
        with suppress(av.error.InvalidDataError):
            yield from packet.decode()


@contextmanager
def _opened(path: Path, media_type: str) -> Iterator[_Source]:
    """A file with its first video stream; what FFmpeg raises while it is read becomes UnreadableVideo."""
    with path.open("rb") as file:
        reader = _reader_of(file.read(len(_MPEG_STREAM)), media_type)
        file.seek(0)
        try:
            with av.open(file, "r", format=reader, io_open=_refuse_to_open) as container:
                yield _Source(container, _first_video(container, media_type))
        except (av.FFmpegError, OSError, LookupError, ValueError, ArithmeticError) as error:
            raise UnreadableVideo(media_type, _problem_of(error)) from error


def _reader_of(head: bytes, media_type: str) -> str:
    return "mpegvideo" if media_type == "video/mpeg" and head == _MPEG_STREAM else READERS[media_type]


def _refuse_to_open(url: str, flags: int, options: dict[str, Any]) -> NoReturn:
    raise ValueError("it names another file")


def _first_video(container: "InputContainer", media_type: str) -> "VideoStream":
    if not container.streams.video:
        raise UnreadableVideo(media_type, "it has no video stream")
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise UnreadableVideo(media_type, "its codec is unknown")
    stream.codec_context.thread_count = 1  # a worker has one core
    return stream


def _pts(packet: "Packet[VideoStream]") -> int:
    stamp = packet.dts if packet.pts is None else packet.pts
    return stamp or 0


def _upright(pixels: Pixels, frame: "VideoFrame") -> Pixels:
    """Cameras state by how many degrees a frame is to be turned to the left."""
    return np.rot90(pixels, round(frame.rotation / 90)) if frame.rotation else pixels


def _check_size(width: int, height: int, limits: VideoLimits) -> None:
    ImageLimits(max_edge=limits.max_edge, max_pixels=limits.max_pixels).check_size(width, height)


def _problem_of(error: Exception) -> str:
    text = str(getattr(error, "strerror", None) or error or type(error).__name__)
    return "it is truncated" if isinstance(error, EOFError) else f"it is damaged ({text[:120]})"
