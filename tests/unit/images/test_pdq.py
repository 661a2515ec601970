"""PDQ: the samples against a plain blur, the rotations and flips against hashing the turned image."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scoring.images.hashes import distances, hash_text
from scoring.images.pdq import MAX_QUALITY, VARIANTS, Pixels, blurred_samples, pdq, quality_of, sample_weights

Array = NDArray[np.float64]

LUMINANCE = np.array([0.299, 0.587, 0.114])
# How an image array is turned, by the words of VARIANTS.
TURNS: dict[str, Callable[[Pixels], Pixels]] = {
    "original": lambda pixels: pixels,
    "rotated left": lambda pixels: np.rot90(pixels, 1),
    "rotated by half a turn": lambda pixels: np.rot90(pixels, 2),
    "rotated right": lambda pixels: np.rot90(pixels, -1),
    "flipped left to right": np.fliplr,
    "flipped top to bottom": np.flipud,
    "flipped along the main diagonal": lambda pixels: pixels.transpose(1, 0, 2),
    "flipped along the other diagonal": lambda pixels: np.rot90(pixels, 2).transpose(1, 0, 2),
}


def scene(seed: int, height: int = 512, width: int = 768) -> Pixels:
    """Colored squares of three sizes over each other: structure at all frequencies that the hash reads."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3))
    for squares in (5, 9, 23):
        colors = rng.uniform(0, 255 / 3, (squares, squares, 3))
        rows, columns = np.arange(height) * squares // height, np.arange(width) * squares // width
        picture += colors[rows][:, columns]
    return picture.astype(np.uint8)


def moving_average(lines: Array, window: int) -> Array:
    """Along the first axis; near the ends over the pixels that there are."""
    behind, ahead = (window - 1) // 2, window // 2
    return np.stack(
        [lines[max(at - behind, 0) : at + ahead + 1].mean(axis=0) for at in range(len(lines))],
    )


def plainly_blurred(pixels: Pixels) -> Array:
    """The blur of the description, pixel by pixel, then every 64th part read."""
    blurred = pixels @ LUMINANCE
    for _ in range(2):
        for _ in range(2):
            blurred = moving_average(blurred, (len(blurred) + 127) // 128).T
    height, width = blurred.shape
    rows, columns = (((np.arange(64) + 0.5) * edge / 64).astype(int) for edge in (height, width))
    return blurred[np.ix_(rows, columns)]


@settings(max_examples=12, deadline=None)
@given(st.integers(5, 700), st.integers(5, 700), st.integers(0, 9))
def test_the_samples_are_those_of_a_blurred_image(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    np.testing.assert_allclose(blurred_samples(pixels), plainly_blurred(pixels), atol=1e-3)


@given(st.integers(1, 3_000))
def test_the_weights_of_a_sample_add_up_to_one(length: int) -> None:
    firsts, weights = sample_weights(length)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert firsts.min() >= 0
    assert (firsts + (weights > 0).sum(axis=1)).max() <= length


def test_turns_and_variants_are_the_same() -> None:
    assert tuple(TURNS) == VARIANTS


@pytest.mark.parametrize("turn", VARIANTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_turned_image_has_the_hash_that_was_foreseen(turn: str, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)  # needs no blur
    foreseen = pdq(pixels).variants
    apart = distances(pdq(TURNS[turn](pixels)).hash, foreseen).tolist()
    assert apart[VARIANTS.index(turn)] == 0
    assert min(distance for place, distance in enumerate(apart) if VARIANTS[place] != turn) > 60


def test_a_hash_has_as_many_ones_as_zeros() -> None:
    for words in pdq(scene(1)).variants:
        assert f"{int(hash_text(words), 16):b}".count("1") == 128


def test_the_first_coefficient_is_the_last_bit() -> None:
    """An image that is light where both axes are, or neither, is a large first coefficient."""
    ramp = np.linspace(0, 255, 256)
    product = np.outer(ramp - 127, ramp - 127) / 127 + 127
    image = np.repeat(np.clip(product, 0, 255)[..., None], 3, axis=2).astype(np.uint8)
    assert int(hash_text(pdq(image).hash), 16) & 1 == 1
    assert int(hash_text(pdq(255 - image).hash), 16) & 1 == 0


@pytest.mark.parametrize("noise", [1, 4])
def test_noise_changes_few_bits(noise: int) -> None:
    pixels = scene(4)
    noisy = pixels + np.random.default_rng(1).integers(-noise, noise + 1, pixels.shape)
    assert distances(pdq(pixels).hash, pdq(np.clip(noisy, 0, 255).astype(np.uint8)).hash) <= 10


def test_colors_count_by_their_luminance() -> None:
    pixels = scene(5)
    gray = np.repeat(np.round(pixels @ LUMINANCE)[..., None], 3, axis=2).astype(np.uint8)
    assert distances(pdq(pixels).hash, pdq(gray).hash) <= 6
    assert distances(pdq(pixels).hash, pdq(np.ascontiguousarray(pixels[..., ::-1])).hash) > 6


def test_rows_of_a_larger_array_are_an_image_too() -> None:
    pixels = scene(6)
    assert pdq(pixels[::2, ::2]).hash.tolist() == pdq(np.ascontiguousarray(pixels[::2, ::2])).hash.tolist()


def test_an_image_without_structure_has_no_quality() -> None:
    flat = np.full((100, 100, 3), 127, np.uint8)
    assert pdq(flat).quality == 0
    assert pdq(scene(1)).quality > 50
    checkers = np.kron(np.indices((64, 64)).sum(axis=0) % 2, np.ones((4, 4))) * 255
    assert pdq(np.repeat(checkers[..., None], 3, axis=2).astype(np.uint8)).quality == MAX_QUALITY


def test_quality_counts_steps_in_whole_percent() -> None:
    samples = np.zeros((64, 64))
    samples[:, 32:] = 255 * 0.0299  # one step of 2.99 % in each of 64 rows: 128, of which 90 are one
    assert quality_of(samples) == 1
    samples[:, 32:] = 255 * 0.0199
    assert quality_of(samples) == 0


@pytest.mark.parametrize("shape", [(1, 1), (4, 900), (900, 4)])
def test_an_image_of_a_few_pixels_has_no_hash(shape: tuple[int, int]) -> None:
    found = pdq(np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8))
    assert (found.quality, found.variants.any()) == (0, False)


def test_a_narrow_image_has_a_hash() -> None:
    assert pdq(scene(1, 5, 3_000)).hash.any()
