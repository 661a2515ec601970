"""Pictures of the simulated community: drawn by number, and edited as those who repost them do."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

SIZE = 320


def draw_picture(number: int) -> Image.Image:
    """The picture of this number: colored disks over a gradient. Perceptual hashes tell two apart."""
    rng = np.random.default_rng([number, 13])
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    pixels = _gradient(rng, x, y)
    for _ in range(rng.integers(30, 60)):
        center, radius, color = rng.random(2), rng.uniform(0.03, 0.18), rng.uniform(0, 255, 3)
        pixels[(x - center[0]) ** 2 + (y - center[1]) ** 2 < radius**2] = color
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def picture_bytes(number: int, edit: int = 0) -> bytes:
    """The picture as a JPEG file; `edit` 0 leaves it as it is, further ones change it more or less."""
    picture = draw_picture(number)
    if edit:
        rng = np.random.default_rng([number, 14, edit])
        picture = _EDITS[edit % len(_EDITS)](rng, picture)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90 - 5 * (edit % 7))
    return file.getvalue()


def _gradient(rng: np.random.Generator, x: NDArray, y: NDArray) -> NDArray[np.float64]:
    first, second = rng.uniform(40, 215, 3), rng.uniform(40, 215, 3)
    share = (x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1) + 1) / 2
    return first + share[..., None] * (second - first)


def _brighter(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(rng.uniform(0.85, 1.15))


def _smaller(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    size = int(SIZE * rng.uniform(0.4, 0.9))
    return picture.resize((size, size))


def _mirrored(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    return ImageOps.mirror(picture)


def _turned(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    return picture.rotate(90 * int(rng.integers(1, 4)))


def _gray(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    return picture.convert("L").convert("RGB")


_EDITS: tuple[Callable[[np.random.Generator, Image.Image], Image.Image], ...] = (
    _brighter,
    _smaller,
    _mirrored,
    _turned,
    _gray,
)
