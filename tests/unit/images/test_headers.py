"""Sizes and frames of images, read without decoding them."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from scoring.images.errors import UnreadableImage
from scoring.images.headers import GifExtent, gif_extent, webp_size


def gif(frames: int, size: tuple[int, int] = (4, 3)) -> bytes:
    file = BytesIO()
    pictures = [Image.new("RGB", size, (number % 256, number // 256, 90)) for number in range(frames)]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=50)
    return file.getvalue()


@pytest.mark.parametrize(
    "options",
    [{}, {"lossless": True}, {"exif": b"Exif\0\0"}, {"append_images": [Image.new("L", (301, 47))]}],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_size_of_a_webp_is_read(mode: str, options: dict[str, object]) -> None:
    file = BytesIO()
    picture = Image.new(mode, (301, 47), "red")
    picture.save(
        file,
        "WEBP",
        **options,
        **({"append_images": [Image.new(mode, (301, 47))]} if "save_all" in options else {}),
    )
    assert webp_size(file.getvalue()) == (301, 47)


@pytest.mark.parametrize("content", [b"RIFF\x10\0\0\0WEBP", b"RIFF\xff\0\0\0WEBPVP9 " + bytes(40)])
def test_a_broken_webp_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableImage, match="image/webp: it "):
        webp_size(content)


@pytest.mark.parametrize("frames", [1, 2, 30])
def test_the_frames_of_a_gif_are_counted(frames: int) -> None:
    assert gif_extent(gif(frames), most=100) == GifExtent(frames, 4, 3)


def test_frames_are_counted_no_further_than_needed() -> None:
    assert gif_extent(gif(300), most=9).frames == 10


def test_a_frame_may_reach_beyond_the_screen() -> None:
    content = bytearray(gif(1))
    at = content.index(b"\x2c")
    content[at + 1 : at + 9] = struct.pack("<4H", 1_000, 2_000, 50_000, 60_000)
    assert gif_extent(bytes(content), most=1) == GifExtent(1, 51_000, 62_000)


def test_a_screen_may_be_without_a_color_table() -> None:
    screen = b"GIF89a" + struct.pack("<2H3B", 9, 8, 0x07, 0, 0)
    image = b"\x2c" + struct.pack("<4HB", 0, 0, 9, 8, 0x07) + b"\x08\x01\x00\x00"
    assert gif_extent(screen + image * 2 + b";", most=5) == GifExtent(2, 9, 8)


@pytest.mark.parametrize("length", [6, 10, 13, 20, 40])
def test_a_truncated_gif_has_the_frames_that_begin_in_it(length: int) -> None:
    assert gif_extent(gif(1)[:length], most=5).frames <= 1


def test_unknown_blocks_are_refused() -> None:
    content = gif(1)
    with pytest.raises(UnreadableImage, match="image/gif: it has an unknown block at byte"):
        gif_extent(content[:-1] + b"\x99" + bytes(20), most=5)
