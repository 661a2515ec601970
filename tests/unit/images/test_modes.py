"""An image looks the same in every mode, and as on a white page where it is transparent."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from scoring.images import modes
from scoring.images.modes import to_rgb, turned

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


def test_an_image_is_the_same_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [
        Image.fromarray(GRAY).convert("P"),
        Image.effect_noise((60, 40), 90).convert("RGBA"),
        Image.fromarray(GRAY.astype(np.float32) / 300),
    ]
    images[1].putalpha(Image.fromarray(GRAY[:40, :60]))
    whole = [to_rgb(image) for image in images]
    monkeypatch.setattr(modes, "_STRIP_PIXELS", 500)
    assert [to_rgb(image).tolist() for image in images] == [pixels.tolist() for pixels in whole]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_as_pillow_turns_them(orientation: int) -> None:
    image = Image.effect_noise((5, 3), 90).convert("RGB")
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    assert turned(np.asarray(image), orientation).tolist() == expected.tolist()
