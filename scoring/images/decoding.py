"""Open images from unknown senders: within limits, and without trusting what a file says of itself.

Only the decoder of the stated type is asked, and pixels are decoded only after their number is known. Time
and memory beyond that are for the process to limit: a decoder may have faults of its own.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from scoring.images import headers
from scoring.images.errors import (
    AlsoAnotherFormat,
    DecoderMissing,
    ImageTooLarge,
    ImageTypeNotAllowed,
    TooManyFrames,
    UnreadableImage,
)
from scoring.images.modes import to_rgb, turned
from scoring.images.pdq import Pixels
from scoring.images.polyglots import other_format
from scoring.images.spread import spread_evenly
from scoring.images.stills import ImageStill

try:
    import pillow_heif
except ImportError:  # its wheel has parts under the GPL, so it may have been left out on purpose
    HAS_HEIC = False
else:
    HAS_HEIC = True
    pillow_heif.register_heif_opener()

Image.MAX_IMAGE_PIXELS = None  # ImageLimits hold instead, and say what is allowed

HEIC = "image/heic"
# The decoders of Pillow by media type. No other is ever asked.
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    HEIC: "HEIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
}
# Further pictures in a JPEG or HEIC file are previews and depth maps, which no program shows.
SINGLE = ("image/jpeg", HEIC, "image/bmp")
REDUCED_JPEG_PIXELS = 16_000_000  # larger ones are decoded at half their size, in a fraction of the time

# What decoders raise for damaged files: most of them index and unpack what they read without looking.
UNREADABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error),
    *(LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, AssertionError),
)


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What may be decoded: pixels along an edge, of a frame, and of all frames together; and frames."""

    max_edge: int = 16_384
    max_pixels: int = 50_000_000
    max_frames: int = 1_000
    max_all_pixels: int = 1_000_000_000

    def check_size(self, width: int, height: int) -> None:
        """Raises ImageTooLarge."""
        if max(width, height) > self.max_edge or width * height > self.max_pixels:
            raise ImageTooLarge(
                width=width, height=height, max_edge=self.max_edge, max_pixels=self.max_pixels
            )

    def check_frames(self, frames: int, width: int, height: int) -> None:
        """Raises TooManyFrames."""
        if frames > self.max_frames:
            raise TooManyFrames(f"more than {self.max_frames:,} frames", f"at most {self.max_frames:,}")
        if frames * width * height > self.max_all_pixels:
            raise TooManyFrames(
                f"{frames:,} frames of {width:,} x {height:,} pixels",
                f"{self.max_all_pixels:,} pixels in all frames together",
            )


LIMITS = ImageLimits()


@dataclass(frozen=True, slots=True)
class OpenedImage:
    """An image whose pixels are not decoded yet.

    Width and height are those shown, after the EXIF orientation. `frames`: of an animation, or pages.
    """

    media_type: str
    width: int
    height: int
    frames: int
    _image: Image.Image
    _limits: ImageLimits

    def pixels(self) -> Pixels:
        """The first frame in RGB, uint8[height, width, 3]; raises UnreadableImage.

        A large JPEG is decoded at half its size.
        """
        return next(self.stills(1)).pixels

    def stills(self, most: int) -> Iterator[ImageStill]:
        """Up to `most` frames, spread evenly; raises UnreadableImage or, of a later page, ImageTooLarge."""
        wanted = set(spread_evenly(self.frames, most))
        at = 0.0
        for frame in range(max(wanted) + 1):
            still, seconds = self._read(frame, at, wanted=frame in wanted)
            if still:
                yield still
            at += seconds

    def _read(self, frame: int, at: float, *, wanted: bool) -> tuple[ImageStill | None, float]:
        """A frame, if it is wanted, and how long it is shown. All before it were read."""
        image = self._image
        try:
            if self.frames > 1:
                image.seek(frame)
                self._limits.check_size(*image.size)
            still = None
            if wanted:
                pixels = to_rgb(_reduced(image))
                pixels = turned(pixels, _orientation(image))
                still = ImageStill(_seconds(image, "timestamp") or at, pixels)
            return still, _seconds(image, "duration")
        except UNREADABLE as error:
            raise UnreadableImage(self.media_type, problem_of(error)) from error


def open_image(content: bytes, *, media_type: str, limits: ImageLimits = LIMITS) -> OpenedImage:
    """Open an image of the type that its first bytes say.

    Raises ImageTypeNotAllowed, DecoderMissing, AlsoAnotherFormat, UnreadableImage, ImageTooLarge or
    TooManyFrames.
    """
    _check_type(media_type)
    if other := other_format(content):
        raise AlsoAnotherFormat(media_type, other)
    _check_header(content, media_type, limits)
    try:
        image = Image.open(BytesIO(content), formats=[FORMATS[media_type]])
        limits.check_size(*image.size)
        frames = 1 if media_type in SINGLE else _count_frames(image, limits.max_frames)
        width, height = image.size[::-1] if _is_sideways(image) else image.size
    except UNREADABLE as error:
        raise UnreadableImage(media_type, problem_of(error)) from error
    limits.check_frames(frames, width, height)
    return OpenedImage(media_type, width, height, frames, image, limits)


def problem_of(error: BaseException) -> str:
    """What a decoder says is wrong, in a few words."""
    if isinstance(error, Image.UnidentifiedImageError):
        return "its content is not of this type, or its beginning is damaged"
    text = str(error).split("\n")[0][:120]
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return "it is truncated"
    return f"it is damaged ({text or type(error).__name__})"


def _check_type(media_type: str) -> None:
    if media_type not in FORMATS:
        raise ImageTypeNotAllowed(media_type, FORMATS)
    if media_type == HEIC and not HAS_HEIC:
        raise DecoderMissing(media_type, "pillow-heif")


def _check_header(content: bytes, media_type: str, limits: ImageLimits) -> None:
    if media_type == headers.WEBP:
        limits.check_size(*headers.webp_size(content))
    if media_type == headers.GIF:
        extent = headers.gif_extent(content, most=limits.max_frames)
        limits.check_size(extent.width, extent.height)
        limits.check_frames(*extent)


def _count_frames(image: Image.Image, most: int) -> int:
    """The frames of an animation or the pages of a TIFF file, up to `most` + 1."""
    if image.format != "TIFF":
        return int(getattr(image, "n_frames", 1))
    pages = 1
    try:
        while pages <= most:
            image.seek(pages)
            pages += 1
    except EOFError:
        pass
    image.seek(0)
    return pages


def _reduced(image: Image.Image) -> Image.Image:
    if image.format in ("JPEG", "MPO") and image.width * image.height > REDUCED_JPEG_PIXELS:
        image.draft("RGB", (image.width // 2, image.height // 2))
    return image


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 if there is none that can be read."""
    try:
        found = image.getexif().get(0x0112, 1)
    except UNREADABLE:
        return 1
    return found if found in range(1, 9) else 1


def _is_sideways(image: Image.Image) -> bool:
    return _orientation(image) > 4 and image.format != "TIFF"  # whose size is the one shown


def _seconds(image: Image.Image, name: str) -> float:
    """A time in milliseconds that the current frame states: its duration, or for some formats its start."""
    return float(image.info.get(name) or 0) / 1_000
