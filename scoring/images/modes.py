"""Images of every mode in RGB: 1-bit, palettes, gray of up to 32 bits, CMYK; transparency over white.

An image is converted strip by strip: a large one is in memory already, and copies of it need not be.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scoring.images.pdq import Pixels

_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa")
_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")  # gray of more than 8 bits
_STRIP_PIXELS = 1_000_000

# How pixels are to be turned by their EXIF orientation, 1 to 8: whether rows and columns are exchanged, and
# the steps through rows and columns afterwards.
_TURNS = (
    *((False, 1, 1), (False, 1, -1), (False, -1, -1), (False, -1, 1)),
    *((True, 1, 1), (True, 1, -1), (True, -1, -1), (True, -1, 1)),
)


def to_rgb(image: Image.Image) -> Pixels:
    """uint8[height, width, 3], as the image looks on a white page."""
    image.load()
    white = _white_of(image) if image.mode in _DEEP else 0.0
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(_STRIP_PIXELS // max(image.width, 1), 1)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        pixels[top : top + rows] = _scaled(strip, white) if image.mode in _DEEP else _colored(strip)
    return pixels


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """The pixels upright, by the EXIF orientation of their image, 1 to 8; a view."""
    exchanged, down, across = _TURNS[orientation - 1]
    return (pixels.transpose(1, 0, 2) if exchanged else pixels)[::down, ::across]


def _colored(image: Image.Image) -> Pixels:
    if image.mode not in _WITH_ALPHA and "transparency" not in image.info:
        return np.asarray(image.convert("RGB"))
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image.convert("RGBA"))
    return np.asarray(page.convert("RGB"))


def _scaled(image: Image.Image, white: float) -> Pixels:
    """Gray values from 0 to `white`, as bytes; what is no number is black."""
    gray = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(gray * (255 / white), 0, 255).astype(np.uint8)[..., None]


def _white_of(image: Image.Image) -> float:
    """The value that is white: of 16 bits the largest, else the least usual one that none exceeds."""
    if image.mode.startswith("I;16"):
        return 65_535.0
    largest = float(np.max(_finite(np.asarray(image)), initial=0.0))
    return next((white for white in (1.0, 255.0, 65_535.0) if largest <= white), largest)


def _finite(values: NDArray[np.generic]) -> NDArray[np.generic]:
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values
