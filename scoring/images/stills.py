"""Frames of images and videos, as they are looked at: by their hash, and as pixels."""

from typing import NamedTuple, Protocol

from scoring.images.pdq import Pdq, Pixels, pdq


class Still(Protocol):
    """A frame: its time in seconds, 0 in a still image or a page, its pixels in RGB, and its hashes."""

    @property
    def at(self) -> float: ...

    @property
    def pixels(self) -> Pixels:
        """uint8[height, width, 3], upright."""

    def pdq(self) -> Pdq: ...


class ImageStill(NamedTuple):
    """A frame of an image."""

    at: float
    pixels: Pixels

    def pdq(self) -> Pdq:
        return pdq(self.pixels)
