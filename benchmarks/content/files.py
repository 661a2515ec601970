"""Files to upload: pictures that no other upload equals, some near a hash of the bank, and bad ones."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from demo.community.pictures import draw_picture

SIZE = (1_200, 840)  # a megapixel
KNOWN, EVERY_KNOWN = 20, 10  # pictures of which the bank has the hash; one upload in ten is one of them
EVERY_BAD = 20
_JPEG, _PNG, _GIF = "image/jpeg", "image/png", "image/gif"


def known_picture(number: int) -> Image.Image:
    """One of KNOWN pictures."""
    return draw_picture(10**6 + number).resize(SIZE)


def upload_of(number: int) -> tuple[str, bytes]:
    """Media type and content of an upload: in turn good ones, known ones and bad ones."""
    if is_bad(number):
        return _BAD[number // EVERY_BAD % len(_BAD)](number)
    is_known = number % EVERY_KNOWN == 1
    picture = known_picture(number // EVERY_KNOWN % KNOWN) if is_known else draw_picture(number).resize(SIZE)
    return _JPEG, _jpeg(_with_noise(picture, number))


def is_bad(number: int) -> bool:
    return number % EVERY_BAD == EVERY_BAD - 1


def _with_noise(picture: Image.Image, number: int) -> Image.Image:
    noise = np.random.default_rng([number, 21]).integers(-6, 7, (SIZE[1], SIZE[0], 1))
    return Image.fromarray((np.asarray(picture).astype(np.int16) + noise).clip(0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def _truncated(number: int) -> tuple[str, bytes]:
    content = _jpeg(_with_noise(draw_picture(number).resize(SIZE), number))
    return _JPEG, content[: len(content) // 3]


def _huge(number: int) -> tuple[str, bytes]:
    """A PNG that claims 20,000 x 20,000 pixels."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(60_001) * 20 + number.to_bytes(8, "big"))
    return _PNG, b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def _no_picture(number: int) -> tuple[str, bytes]:
    """What begins like a GIF and goes on with noise."""
    return _GIF, b"GIF89a" + np.random.default_rng([number, 22]).bytes(40_000)


_BAD = (_truncated, _huge, _no_picture)
