"""What must be known of an image before a decoder is asked: some decoders reserve memory at once."""

from typing import NamedTuple

from scoring.images.errors import UnreadableImage

GIF, WEBP = "image/gif", "image/webp"

_GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B


class GifExtent(NamedTuple):
    """The frames of a GIF, and the pixels that hold all of them: a frame may reach beyond the screen."""

    frames: int
    width: int
    height: int


def webp_size(content: bytes) -> tuple[int, int]:
    """Width and height of a WebP image (RFC 9649, sections 2.4 to 2.7); raises UnreadableImage."""
    if len(content) < 30:
        raise UnreadableImage(WEBP, "it is truncated")
    kind = content[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (int.from_bytes(content[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    else:
        raise UnreadableImage(WEBP, "it begins with no image data")
    return width, height


def gif_extent(content: bytes, *, most: int) -> GifExtent:
    """The extent of a GIF (GIF89a specification), its frames counted to `most` + 1; raises UnreadableImage.

    A file that ends before its last block is complete has the frames that begin in it.
    """
    frames, width, height = 0, *_two_numbers(content, 6)
    at = 13 + _color_table_bytes(content, 10)
    while frames <= most and at < len(content) and (block := content[at]) != _GIF_END:
        if block == _GIF_EXTENSION:
            at = _after_sub_blocks(content, at + 2)
        elif block == _GIF_IMAGE:
            frames += 1
            left, top = _two_numbers(content, at + 1)
            across, down = _two_numbers(content, at + 5)
            width, height = max(width, left + across), max(height, top + down)
            at = _after_sub_blocks(content, at + 11 + _color_table_bytes(content, at + 9))
        else:
            raise UnreadableImage(GIF, f"it has an unknown block at byte {at:,}")
    return GifExtent(frames, width, height)


def _two_numbers(content: bytes, at: int) -> tuple[int, int]:
    return int.from_bytes(content[at : at + 2], "little"), int.from_bytes(content[at + 2 : at + 4], "little")


def _color_table_bytes(content: bytes, flags_at: int) -> int:
    """The size of the color table that the flags of a screen or an image announce."""
    flags = content[flags_at] if flags_at < len(content) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(content: bytes, at: int) -> int:
    """The place after a series of blocks with their length in front; one of length 0 ends it."""
    while at < len(content) and content[at]:
        at += content[at] + 1
    return at + 1
