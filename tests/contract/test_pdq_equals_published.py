"""Our PDQ hashes against published ones of the same photos, those of modified and of turned photos."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from scoring.images.decoding import open_image
from scoring.images.hashes import distances, hash_text, parse_hash
from scoring.images.pdq import Pdq, pdq

MAX_DIFFERENCE = 12  # bits: others decode and resize differently
MATCH = 31

Expected = Mapping[str, list[tuple[str, int]]]


@pytest.fixture(scope="module")
def expected(test_data: Path) -> Expected:
    """By the path of a photo: its hashes by several implementations, with their quality."""
    found = defaultdict(list)
    with (test_data / "media" / "pdq_expected.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["image"]].append((row["expected_pdq_hash"], int(row["quality"])))
    return found


@pytest.fixture(scope="module")
def hashed(test_data: Path, expected: Expected) -> dict[str, Pdq]:
    return {
        path: pdq(open_image((test_data / "media" / path).read_bytes(), media_type="image/jpeg").pixels())
        for path in expected
    }


def test_every_hash_and_quality_is_as_published(expected: Expected, hashed: Mapping[str, Pdq]) -> None:
    assert len(expected) == 29
    differences = {
        path: max(int(distances(hashed[path].hash, parse_hash(text))) for text, _ in published)
        for path, published in expected.items()
    }
    assert {path: bits for path, bits in differences.items() if bits > MAX_DIFFERENCE} == {}
    assert {path: found.quality for path, found in hashed.items()} == {
        path: published[0][1] for path, published in expected.items()
    }


def test_small_photos_that_are_not_resized_have_the_very_same_hash(
    expected: Expected, hashed: Mapping[str, Pdq]
) -> None:
    for name in ("bridge-mods/square-128x128.jpg", "photos/q0291.jpg", "photos/wee.jpg", "photos/small.jpg"):
        path = f"images/{name}"
        assert [hash_text(hashed[path].hash)] == [text for text, _ in expected[path]]


def test_every_modified_photo_matches_its_original_and_no_other_does(hashed: Mapping[str, Pdq]) -> None:
    original = hashed["images/bridge-mods/aaa-orig.jpg"].hash
    matching = {path for path, found in hashed.items() if distances(original, found.hash) <= MATCH}
    same = ("bridge-mods", "bridge-1-original", "rotations/bridge-1")
    assert matching == {path for path in hashed if any(part in path for part in same)}


def test_every_rotation_and_flip_matches_one_of_the_eight(hashed: Mapping[str, Pdq]) -> None:
    original = hashed["images/rotations/bridge-1-original.jpg"]
    turned = [path for path in hashed if "/rotations/" in path]
    matching = {
        path: np.flatnonzero(distances(hashed[path].hash, original.variants) <= MATCH) for path in turned
    }
    assert {len(variants) for variants in matching.values()} == {1}
    assert sorted(int(variants[0]) for variants in matching.values()) == list(range(8))


def test_no_rotation_of_another_photo_matches(hashed: Mapping[str, Pdq]) -> None:
    original = hashed["images/bridge-mods/aaa-orig.jpg"]
    for path, found in hashed.items():
        if "/photos/" in path:
            assert distances(found.hash, original.variants).min() > 63
