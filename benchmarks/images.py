"""Cost of images: `python -m benchmarks.images [hashes]`.

PDQ of a photo of a megapixel, look-ups among a million hashes, and the classifier. CPU time of one core,
medians. The hashes are random ones, and near-duplicates of few, as banks of memes have them. A fixed loop of
plain Python is timed between the parts, so that figures of slow and fast hours can be compared.
"""

import sys
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.references import reference_loop
from scoring.images import hash_index, pdq
from scoring.images.classifier import nsfw_score
from scoring.images.decoding import open_image
from scoring.images.hash_index import HashIndex
from scoring.images.hashes import Words
from scoring.rules.banks.search.item_table import NEVER, NOT_REMOVED, Conditions, ItemColumns, ItemTable

HASHES, DISTANCES, QUERIES = 1_000_000, (15, 31, 63), 300
PHOTO = (1_200, 840)  # width and height: a megapixel
CLUSTERS = 1_000  # of the near-duplicates


def photo() -> np.ndarray:
    """Soft noise at several scales: a file of it is as large as one of a photo."""
    rng = np.random.default_rng(1)
    layers = [
        Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8)).resize(PHOTO)
        for size in (6, 40, 300)
    ]
    return np.mean([np.asarray(layer) for layer in layers], axis=0).astype(np.uint8)


def jpeg_of(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=88)
    return file.getvalue()


def random_hashes(count: int, seed: int = 2) -> Words:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


def near_duplicates(count: int) -> Words:
    """Variations of few hashes, each with 8 of its bits changed on average."""
    rng = np.random.default_rng(3)
    masks = np.bitwise_and.reduce(rng.integers(0, 2**64, (5, count, 4), dtype=np.uint64))
    return random_hashes(CLUSTERS)[rng.integers(0, CLUSTERS, count)] ^ masks


def timed(work: Callable[[int], Any], *, rounds: int) -> float:
    """Milliseconds of CPU time a call, the median; `work` gets the number of the call."""
    work(0)
    spent = []
    for number in range(rounds):
        started = time.thread_time()
        work(number)
        spent.append(time.thread_time() - started)
    return float(np.median(spent)) * 1e3


def measure_photo() -> dict[str, float]:
    pixels = photo()
    content = jpeg_of(pixels)
    return {
        "pdq_megapixel_ms": timed(lambda _: pdq.pdq(pixels), rounds=50),
        "decode_megapixel_jpeg_ms": timed(
            lambda _: open_image(content, media_type="image/jpeg").pixels(), rounds=20
        ),
        "classifier_ms": timed(lambda _: nsfw_score(pixels), rounds=20),
    }


def columns_of(count: int) -> ItemColumns:
    """Items of good quality that do not expire."""
    ids = np.arange(count)
    return ItemColumns.of(ids, np.full(count, NEVER), np.full(count, NOT_REMOVED), np.full(count, 100))


def measure_index(name: str, hashes: Words) -> dict[str, float]:
    """Building, changing and asking the index of some hashes; the queries are near one of them or none."""
    started = time.thread_time()
    index = HashIndex.of(hashes, range(len(hashes)))
    figures = {f"{name}_build_s": time.thread_time() - started}
    figures[f"{name}_bytes_a_hash"] = index.nbytes / len(hashes)
    change = (random_hashes(1_000, seed=5), range(-1_000, 0)), range(1_000)
    figures[f"{name}_change_1000_ms"] = timed(lambda _: index.changed(*change), rounds=20)
    queries = random_hashes(QUERIES * 8, seed=4)
    queries[::2] = hashes[: QUERIES * 4]
    for distance in DISTANCES:
        figures[f"{name}_look_up_ms_{distance}"] = timed(
            lambda number, distance=distance: index.search(queries[number], distance), rounds=QUERIES
        )
    bank, strangers = ItemTable(index, columns_of(len(hashes))), random_hashes(QUERIES * 8, seed=6)
    figures[f"{name}_look_up_8_ms_31"] = timed(
        lambda number: bank.nearest(strangers[8 * number : 8 * number + 8], Conditions(31, 0, 0)),
        rounds=QUERIES,
    )
    return figures


def measure(count: int = HASHES) -> dict[str, float]:
    """All figures by name."""
    hash_index.compile_kernels()
    pdq.compile_kernels()
    figures: dict[str, float] = {"hashes": count}
    loops = [reference_loop()]
    for part in (
        measure_photo,
        lambda: measure_index("hashes", random_hashes(count)),
        lambda: measure_index("near_duplicates", near_duplicates(count)),
    ):
        figures |= part()
        loops.append(reference_loop())
    return figures | {"images_reference_loop_ms": float(np.median(loops))}


if __name__ == "__main__":
    from benchmarks.report import print_table

    print_table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else HASHES))
