"""Images of every allowed format are opened; what is not one, or too much, is refused before it does harm."""

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from scoring.images import decoding
from scoring.images.decoding import FORMATS, ImageLimits, open_image
from scoring.images.errors import (
    AlsoAnotherFormat,
    DecoderMissing,
    ImageTooLarge,
    ImageTypeNotAllowed,
    TooManyFrames,
    UnreadableImage,
)

MOVING = ("image/gif", "image/png", "image/webp", "image/avif", "image/tiff")


def picture(width: int = 96, height: int = 64) -> Image.Image:
    """Red at the top left, blue at the bottom right."""
    y, x = np.mgrid[0:height, 0:width]
    shades = [255 * (1 - y / height), 90 + 0 * x, 255 * x / width]
    return Image.fromarray(np.stack(shades, axis=2).astype(np.uint8))


def saved(media_type: str, image: Image.Image | None = None, **options: object) -> bytes:
    file = BytesIO()
    (image or picture()).save(file, FORMATS[media_type], **options)
    return file.getvalue()


def animated(media_type: str, frames: int, size: tuple[int, int] = (32, 16)) -> bytes:
    """Frames of one gray each, the n-th of 10 n, shown for a tenth of a second."""
    pictures = [Image.new("RGB", size, (10 * number % 250,) * 3) for number in range(frames)]
    duration = {} if media_type == "image/tiff" else {"duration": 100}
    options = {"lossless": True} if media_type == "image/webp" else {}
    return saved(media_type, pictures[0], save_all=True, append_images=pictures[1:], **duration, **options)


def png_of(width: int, height: int) -> bytes:
    """A PNG whose pixels are all black, in a few kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    lines = b"".join(packer.compress(bytes(width // 8 + 1)) for _ in range(height)) + packer.flush()
    header = struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


@pytest.mark.parametrize("media_type", FORMATS)
def test_every_format_is_decoded(media_type: str) -> None:
    opened = open_image(saved(media_type), media_type=media_type)
    assert (opened.width, opened.height, opened.frames) == (96, 64, 1)
    pixels = opened.pixels()
    assert (pixels.shape, pixels.dtype) == ((64, 96, 3), np.uint8)
    np.testing.assert_allclose(pixels.mean(axis=(0, 1)), np.asarray(picture()).mean(axis=(0, 1)), atol=8)


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/webp", "image/tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_camera_is_applied(media_type: str, orientation: int) -> None:
    """The corner where the picture begins lies, by orientation 1 to 8, as the EXIF standard says."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_image(saved(media_type, exif=exif), media_type=media_type)
    pixels = opened.pixels().astype(int)
    assert (opened.height, opened.width) == pixels.shape[:2] == ((64, 96) if orientation < 5 else (96, 64))
    corners = {"top left": (2, 2), "top right": (2, -3), "bottom right": (-3, -3), "bottom left": (-3, 2)}
    redness = {name: pixels[at][0] - pixels[at][2] for name, at in corners.items()}
    first = max(redness, key=lambda name: redness[name])
    assert (
        first
        == ("top left", "top right", "bottom right", "bottom left")[
            {1: 0, 2: 1, 3: 2, 4: 3, 5: 0, 6: 1, 7: 2, 8: 3}[orientation]
        ]
    )


def test_an_orientation_that_does_not_exist_is_ignored() -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    assert open_image(saved("image/jpeg", exif=exif), media_type="image/jpeg").pixels().shape == (64, 96, 3)


def test_damaged_exif_is_ignored() -> None:
    content = saved("image/jpeg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert open_image(content, media_type="image/jpeg").width == 96


@pytest.mark.parametrize(
    ("media_type", "mode"),
    [
        *(("image/jpeg", mode) for mode in ("L", "CMYK")),
        *(("image/png", mode) for mode in ("1", "L", "LA", "P", "RGBA", "I;16")),
        *(("image/tiff", mode) for mode in ("1", "L", "P", "CMYK", "RGBA", "I;16", "I", "F")),
        *(("image/bmp", mode) for mode in ("1", "L", "P")),
        *(("image/gif", mode) for mode in ("1", "L", "P")),
    ],
)
def test_every_mode_of_a_file_becomes_rgb(media_type: str, mode: str) -> None:
    """An image that is dark at the top and light at the bottom, in black and white too."""
    gray = Image.linear_gradient("L")
    deep = np.asarray(gray).astype(np.uint16) * 257
    image = Image.fromarray(deep) if mode == "I;16" else gray.convert(mode)
    pixels = open_image(saved(media_type, image), media_type=media_type).pixels()
    rows = pixels.mean(axis=(1, 2))
    assert pixels.shape == (256, 256, 3)
    np.testing.assert_allclose(rows[[20, 128, 235]], [20, 128, 235], atol=40 if mode == "1" else 4)


def test_a_transparent_image_is_on_white() -> None:
    content = saved("image/png", Image.new("RGBA", (8, 8), (0, 0, 0, 0)))
    assert open_image(content, media_type="image/png").pixels().min() == 255


@pytest.mark.parametrize("media_type", MOVING)
def test_frames_are_counted_and_spread_evenly(media_type: str) -> None:
    opened = open_image(animated(media_type, 9), media_type=media_type)
    assert opened.frames == 9
    stills = list(opened.stills(3))
    np.testing.assert_allclose([still.pixels.mean() for still in stills], [0, 40, 80], atol=4)
    if media_type != "image/tiff":
        np.testing.assert_allclose([still.at for still in stills], [0, 0.4, 0.8])


def test_a_short_animation_is_read_whole() -> None:
    assert len(list(open_image(animated("image/gif", 4), media_type="image/gif").stills(50))) == 4


def test_previews_in_a_photo_are_no_frames() -> None:
    content = BytesIO()
    picture().save(content, "MPO", save_all=True, append_images=[picture(20, 10)])
    opened = open_image(content.getvalue(), media_type="image/jpeg")
    assert (opened.frames, opened.pixels().shape) == (1, (64, 96, 3))


def test_a_large_photo_is_decoded_at_half_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "REDUCED_JPEG_PIXELS", 5_000)
    opened = open_image(saved("image/jpeg"), media_type="image/jpeg")
    assert (opened.width, opened.pixels().shape) == (96, (32, 48, 3))


def test_an_image_of_20_000_by_20_000_pixels_is_refused_before_it_is_decoded() -> None:
    content = png_of(20_000, 20_000)
    assert len(content) < 100_000
    with pytest.raises(
        ImageTooLarge, match="20,000 x 20,000 pixels; allowed are 16,384 along an edge and 50,000,000"
    ):
        open_image(content, media_type="image/png")


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize("limits", [ImageLimits(max_edge=95), ImageLimits(max_pixels=96 * 64 - 1)])
def test_limits_hold_for_every_format(media_type: str, limits: ImageLimits) -> None:
    content = saved(media_type)
    with pytest.raises(ImageTooLarge, match="the image has 96 x 64 pixels"):
        open_image(content, media_type=media_type, limits=limits)


@pytest.mark.parametrize("media_type", MOVING)
def test_too_many_frames_are_refused(media_type: str) -> None:
    content = animated(media_type, 12)
    with pytest.raises(TooManyFrames, match="more than 11 frames; allowed are at most 11"):
        open_image(content, media_type=media_type, limits=ImageLimits(max_frames=11))
    with pytest.raises(TooManyFrames, match="12 frames of 32 x 16 pixels; allowed are 6,000 pixels in all"):
        open_image(content, media_type=media_type, limits=ImageLimits(max_all_pixels=6_000))
    assert open_image(content, media_type=media_type, limits=ImageLimits(max_frames=12)).frames == 12


def test_a_gif_of_10_000_frames_is_refused() -> None:
    one = animated("image/gif", 2, (1, 1))
    start = one.index(b"\x21\xf9", one.index(b"\x2c"))
    content = one[:start] + one[start:-1] * 10_000 + b"\x3b"
    with pytest.raises(TooManyFrames, match="more than 1,000 frames"):
        open_image(content, media_type="image/gif")


@pytest.mark.parametrize(
    ("media_type", "make", "error"),
    [
        ("image/webp", lambda: saved("image/webp"), ImageTooLarge),
        ("image/gif", lambda: animated("image/gif", 4), TooManyFrames),
    ],
)
def test_a_decoder_that_reserves_memory_at_once_is_not_asked_before(
    monkeypatch: pytest.MonkeyPatch, media_type: str, make: Callable[[], bytes], error: type[Exception]
) -> None:
    content = make()
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(error):
        open_image(content, media_type=media_type, limits=ImageLimits(max_edge=95, max_frames=3))


@pytest.mark.parametrize(
    ("media_type", "content", "problem"),
    [
        ("image/png", saved("image/gif"), "its content is not of this type, or its beginning is damaged"),
        ("image/jpeg", saved("image/jpeg")[:-200], "it is truncated"),
        ("image/gif", saved("image/gif")[:-40], "it is truncated"),
        (
            "image/bmp",
            saved("image/bmp").replace(b"(\0\0\0", b"\x07\0\0\0"),
            "it is damaged (Unsupported BMP header",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(media_type: str, content: bytes, problem: str) -> None:
    with pytest.raises(UnreadableImage) as refused:
        open_image(content, media_type=media_type).pixels()
    assert str(refused.value).startswith(f"the file cannot be read as {media_type}: {problem}")


def test_a_frame_beyond_the_screen_counts() -> None:
    content = bytearray(saved("image/gif"))
    at = content.index(b"\x2c")
    content[at + 5 : at + 9] = struct.pack("<2H", 60_000, 60_000)
    with pytest.raises(ImageTooLarge, match="60,000 x 60,000"):
        open_image(bytes(content), media_type="image/gif")


def test_a_large_page_of_a_document_is_refused() -> None:
    file = BytesIO()
    picture(8, 8).save(file, "TIFF", save_all=True, append_images=[picture(300, 10)])
    opened = open_image(file.getvalue(), media_type="image/tiff", limits=ImageLimits(max_edge=100))
    with pytest.raises(ImageTooLarge, match="300 x 10"):
        list(opened.stills(2))


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_a_file_of_another_type_is_refused(media_type: str, other: str) -> None:
    if media_type != other:
        with pytest.raises(UnreadableImage, match=f"cannot be read as {media_type}: it"):
            open_image(saved(other), media_type=media_type).pixels()


@pytest.mark.parametrize("media_type", ["image/svg+xml", "text/html", "application/pdf", "image/x-eps", ""])
def test_other_types_are_refused(media_type: str) -> None:
    with pytest.raises(ImageTypeNotAllowed, match="is not decoded; allowed are image/jpeg, image/png,"):
        open_image(b"<svg/>", media_type=media_type)


@pytest.mark.parametrize("media_type", FORMATS)
def test_an_image_that_is_a_web_page_too_is_refused(media_type: str) -> None:
    with pytest.raises(AlsoAnotherFormat, match=f"the file is {media_type} and also an HTML document"):
        open_image(saved(media_type) + b"<script>alert(1)</script>", media_type=media_type)


def test_without_its_decoder_heic_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "HAS_HEIC", False)
    with pytest.raises(DecoderMissing, match="install the package pillow-heif to allow it"):
        open_image(b"", media_type="image/heic")


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9])
def test_truncated_files_are_refused(media_type: str, share: float) -> None:
    content = saved(media_type, Image.effect_noise((160, 120), 90).convert("RGB"))
    with pytest.raises(UnreadableImage, match=f"cannot be read as {media_type}: it"):
        open_image(content[: int(len(content) * share)], media_type=media_type).pixels()


@pytest.mark.parametrize("media_type", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_are_refused_or_decoded(media_type: str, data: st.DataObject) -> None:
    content = bytearray(damageable(media_type))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableImage, ImageTooLarge, TooManyFrames):
        opened = open_image(bytes(content), media_type=media_type, limits=ImageLimits(max_pixels=100_000))
        assert all(still.pixels.shape[2] == 3 for still in opened.stills(3))


@cache
def damageable(media_type: str) -> bytes:
    return animated(media_type, 3) if media_type in MOVING else saved(media_type)
