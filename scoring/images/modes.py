"""Images of every mode in RGB: 1-bit, palettes, gray of up to 32 bits, CMYK; transparency over white."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scoring.images.pdq import Pixels

_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa")
_DEEP = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")  # gray of more than 8 bits


def to_rgb(image: Image.Image) -> Pixels:
    """uint8[height, width, 3], as the image looks on a white page."""
    if image.mode in _DEEP:
        return np.repeat(_as_bytes(np.asarray(image))[..., None], 3, axis=2)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return np.asarray(_on_white(image.convert("RGBA")))
    return np.asarray(image.convert("RGB"))


def _on_white(image: Image.Image) -> Image.Image:
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image)
    return page.convert("RGB")


def _as_bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Gray values of any range as 0 to 255: of 16 bits by their range, others by the largest value."""
    gray = np.nan_to_num(np.asarray(values, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = _top_of(values, float(gray.max(initial=0.0)))
    return np.clip(gray * (255 / top), 0, 255).astype(np.uint8)


def _top_of(values: NDArray[np.generic], largest: float) -> float:
    """The value that is white: that of the type, or the least usual one that holds the largest."""
    if values.dtype.kind == "u":
        return float(2 ** (8 * values.dtype.itemsize) - 1)
    return next((top for top in (1.0, 255.0, 65_535.0) if largest <= top), largest)
