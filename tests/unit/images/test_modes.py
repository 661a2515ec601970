"""An image looks the same in every mode, and as on a white page where it is transparent."""

import numpy as np
import pytest
from PIL import Image

from scoring.images.modes import to_rgb

GRAY = np.tile(np.linspace(0, 255, 64), (48, 1)).astype(np.uint8)


def gray_of(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(int).mean(axis=2)


@pytest.mark.parametrize(
    "mode", ["L", "LA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "P", "PA", "HSV"]
)
def test_a_gradient_looks_the_same(mode: str) -> None:
    between = {"RGBa": "RGBA", "P": "L", "PA": "P"}.get(mode, "RGB")
    pixels = to_rgb(Image.fromarray(GRAY).convert(between).convert(mode))
    assert (pixels.shape, pixels.dtype) == ((48, 64, 3), np.uint8)
    np.testing.assert_allclose(gray_of(pixels), GRAY, atol=3)


@pytest.mark.parametrize(
    "values",
    [
        GRAY.astype(np.uint16) * 257,
        (GRAY.astype(np.uint16) * 257).astype(">u2"),
        GRAY.astype(np.int32) * 257,
        GRAY.astype(np.int32) * 100_000,
        GRAY.astype(np.float32) / 255,
        GRAY.astype(np.float32),
        GRAY.astype(np.float32) * 257,
    ],
    ids=["16 bits", "big-endian", "16 of 32 bits", "32 bits", "0 to 1", "0 to 255", "0 to 65,535"],
)
def test_deep_gray_is_scaled_to_bytes(values: np.ndarray) -> None:
    np.testing.assert_allclose(gray_of(to_rgb(Image.fromarray(values))), GRAY, atol=1)


def test_a_dark_image_of_16_bits_stays_dark() -> None:
    assert to_rgb(Image.fromarray(np.full((8, 8), 300, np.uint16))).max() == 1


def test_values_that_are_no_numbers_are_black() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 1.0]], dtype=np.float32)
    assert to_rgb(Image.fromarray(values))[0, :, 0].tolist() == [0, 0, 0, 255]
    assert to_rgb(Image.fromarray(np.zeros((2, 2), np.float32))).max() == 0


def test_one_bit_is_black_or_white() -> None:
    pixels = to_rgb(Image.fromarray(GRAY > 127))
    assert set(np.unique(pixels)) == {0, 255}
    assert (gray_of(pixels) > 127).tolist() == (GRAY > 127).tolist()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGBa"])
def test_transparency_shows_a_white_page(mode: str) -> None:
    image = Image.new("RGBA", (3, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 128))
    image.putpixel((2, 0), (0, 0, 0, 0))
    pixels = to_rgb(image.convert(mode))
    np.testing.assert_allclose(pixels[0, :, 0], [0, 127, 255], atol=1)


def test_a_transparent_color_of_a_palette_is_white() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 0
    assert to_rgb(image).tolist() == [[[255, 255, 255], [40, 50, 60]]]
