"""The classifier's score: of pictures that it was shown before, and the same each time."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scoring.images.classifier import nsfw_score


def picture(seed: int, height: int = 240, width: int = 320) -> np.ndarray:
    colors = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.kron(colors, np.ones((height // 6, width // 8, 1), np.uint8))


@pytest.mark.parametrize("seed", range(3))
def test_colored_squares_are_not_sexual(seed: int) -> None:
    assert 0 <= nsfw_score(picture(seed)) < 0.2


def test_the_score_is_the_same_each_time() -> None:
    assert len({nsfw_score(picture(1)) for _ in range(3)}) == 1
    assert nsfw_score(picture(1)) == round(nsfw_score(picture(1)), 6)


def test_a_score_depends_on_the_picture() -> None:
    assert len({nsfw_score(picture(seed)) for seed in range(4)}) == 4


@pytest.mark.parametrize("shape", [(1, 1), (2, 3_000), (3_000, 2)])
def test_images_of_any_shape_have_a_score(shape: tuple[int, int]) -> None:
    assert 0 <= nsfw_score(np.zeros((*shape, 3), np.uint8)) <= 1


def test_the_network_is_not_loaded_before_it_is_asked() -> None:
    code = "import sys, scoring.images.classifier; print('onnxruntime' in sys.modules, 'PIL' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["False", "False"]


def test_the_runtime_neither_stores_nor_sends_usage_data(tmp_path: Path) -> None:
    """Its telemetry would leave a database in the home directory. It is off by itself where CI is set."""
    code = """
import numpy
from scoring.images.classifier import nsfw_score
nsfw_score(numpy.zeros((64, 64, 3), numpy.uint8))
"""
    automated = ("CI", "TF_BUILD", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY")
    inherited = {name: value for name, value in os.environ.items() if name not in automated}
    directories = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=inherited | directories, check=True)
    assert list(tmp_path.rglob("*onnxruntime*")) == []
