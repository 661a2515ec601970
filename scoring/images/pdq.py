"""PDQ: a hash of 256 bits that hardly changes when an image is resized, recompressed or edited slightly.

The image is blurred and sampled at 64 x 64 points, of whose cosine transform the 16 x 16 lowest frequencies
are kept, the constant one excepted. A bit of the hash says whether a coefficient is above the median. After
the description in Meta's "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from scoring.images.hashes import Words, words_of

Pixels = NDArray[np.uint8]

SAMPLES = 64  # points of an edge at which the blurred image is read
FREQUENCIES = 16
MIN_EDGE = 5  # pixels; of smaller images all hashes say too little
MAX_QUALITY = 100

# The rotations and flips of an image by the place of their hashes. The first is the image as it is.
VARIANTS = (
    "original",
    "rotated left",
    "rotated by half a turn",
    "rotated right",
    "flipped left to right",
    "flipped top to bottom",
    "flipped along the main diagonal",
    "flipped along the other diagonal",
)

# The cosines of frequencies 1 to 16 at 64 points: float64[16, 64].
_COSINES = np.sqrt(2 / SAMPLES) * np.cos(
    np.pi / (2 * SAMPLES) * np.outer(np.arange(1, FREQUENCIES + 1), 2 * np.arange(SAMPLES) + 1)
)
# Mirroring an axis changes the sign of its odd frequencies.
_MIRRORED = np.where(np.arange(1, FREQUENCIES + 1) % 2 == 1, -1.0, 1.0)
_RGB = np.array([0.299, 0.587, 0.114], np.float32)  # their parts of the luminance (ITU-R BT.601)
_GRADIENT_PER_QUALITY = 90  # the sum of all steps, in percent of the range, that is a quality of 1


class Pdq(NamedTuple):
    """The hashes of an image and its rotations and flips (VARIANTS), uint64[8, 4], and the quality, 0 to 100.

    Hashes of a quality below 50 are of images with little structure and match too much.
    """

    variants: Words
    quality: int

    @property
    def hash(self) -> Words:
        """The hash of the image as it is, uint64[4]."""
        return self.variants[0]


def pdq(pixels: Pixels) -> Pdq:
    """The PDQ hashes of an image in RGB, uint8[height, width, 3]."""
    if min(pixels.shape[:2]) < MIN_EDGE:
        return Pdq(np.zeros((len(VARIANTS), 4), np.uint64), 0)
    samples = blurred_samples(pixels)
    block = _COSINES @ samples @ _COSINES.T
    return Pdq(np.stack([_hash_of(variant) for variant in _variants_of(block)]), quality_of(samples))


def blurred_samples(pixels: Pixels) -> NDArray[np.float64]:
    """The luminance, blurred and read at 64 x 64 points: float64[64, 64]."""
    height, width, depth = pixels.shape
    rows, columns = sample_weights(height), sample_weights(width)
    lines = np.ascontiguousarray(pixels).reshape(height, width * depth).view()
    lines.flags.writeable = False  # as decoded images are: the kernel is compiled once
    return _weighted_sums(lines, _RGB, *rows, *columns)


def quality_of(samples: NDArray[np.float64]) -> int:
    """How much neighboring points differ, 0 to 100."""
    steps = sum(np.abs(np.trunc(np.diff(samples, axis=axis) * 100 / 255)).sum() for axis in (0, 1))
    return min(int(steps) // _GRADIENT_PER_QUALITY, MAX_QUALITY)


@lru_cache(maxsize=256)
def sample_weights(length: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """How the pixels along an edge add up to 64 samples: first pixels int64[64], weights float32[64, m].

    The blur is two passes of a moving average (Jarosz 2001) over a 128th of the edge. All steps are linear,
    and those along rows do not depend on those along columns. So the weights of the pixels that a sample is
    made of are known from the length of the edge, and nothing else of the blurred image is computed.
    """
    window = (length + 2 * SAMPLES - 1) // (2 * SAMPLES)
    behind, ahead = (window - 1) // 2, window // 2
    reach = 2 * window - 1
    firsts, weights = np.empty(SAMPLES, np.int64), np.zeros((SAMPLES, reach), np.float32)
    for sample in range(SAMPLES):
        center = (2 * sample + 1) * length // (2 * SAMPLES)
        first = min(max(center - 2 * behind, 0), max(length - reach, 0))
        firsts[sample] = first
        means = range(max(center - behind, 0), min(center + ahead + 1, length))
        for mean in means:
            start, end = max(mean - behind, 0), min(mean + ahead + 1, length)
            weights[sample, start - first : end - first] += 1 / (end - start) / len(means)
    return firsts, weights


# A numeric kernel, in a form that numba compiles to vectors.
@njit(cache=True, nogil=True, error_model="numpy")
def _weighted_sums(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    lines, channels, first_rows, row_weights, first_columns, column_weights
):
    """The samples of `lines` uint8[height, width * depth], by the weights of channels, rows and columns."""
    samples = np.empty((first_rows.size, first_columns.size))
    summed = np.empty(lines.shape[1], np.float32)
    mixed = np.empty(lines.shape[1] // channels.size, np.float32)
    for i in range(first_rows.size):
        summed[:] = 0.0
        for k in range(row_weights.shape[1]):
            weight = row_weights[i, k]
            if weight != 0.0:
                line = lines[first_rows[i] + k]
                for x in range(summed.size):
                    summed[x] += weight * np.float32(line[x])
        mixed[:] = 0.0
        for channel in range(channels.size):
            for x in range(mixed.size):
                mixed[x] += channels[channel] * summed[x * channels.size + channel]
        for j in range(first_columns.size):
            total = 0.0
            for k in range(column_weights.shape[1]):
                if column_weights[j, k] != 0.0:
                    total += column_weights[j, k] * mixed[first_columns[j] + k]
            samples[i, j] = total
    return samples


def _variants_of(block: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The cosine transforms of the VARIANTS, from that of the image as it is."""
    top_down = block * _MIRRORED[:, None]
    left_right = block * _MIRRORED
    both = top_down * _MIRRORED
    return [block, left_right.T, both, top_down.T, left_right, top_down, block.T, both.T]


def _hash_of(block: NDArray[np.float64]) -> Words:
    values = block.ravel()
    median = np.partition(values, values.size // 2 - 1)[values.size // 2 - 1]
    bits = (values > median)[::-1]  # the first coefficient is the last bit
    return words_of(np.packbits(bits).tobytes())[0]


def compile_kernels() -> None:
    """Compile the kernel of the samples, or load it from the cache on disk."""
    blurred_samples(np.zeros((1, 1, 3), np.uint8))
