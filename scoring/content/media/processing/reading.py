"""Read an uploaded file: its size, hashes, score and previews. Runs in a process of its own (`child`)."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from scoring.content.media.processing.protocol import Job, Outcome
from scoring.content.media.signatures import kind_of
from scoring.errors import ScoringError
from scoring.images.classifier import nsfw_score
from scoring.images.decoding import open_image
from scoring.images.frames import VIDEO_LIMITS, open_video
from scoring.images.hashes import hash_text
from scoring.images.pdq import Pixels
from scoring.images.spread import spread_evenly
from scoring.images.stills import Still
from scoring.images.video_matching import distinct_frames

MAX_STILLS = 16  # frames of an animation or pages of a document
MAX_SAMPLES = 120  # frames of a video; one each second of the first two minutes, key frames of longer ones
MAX_SCORED = 12  # frames that the classifier sees
STILL_EDGE, BLURRED_EDGE, SHEET_EDGE = 1_600, 320, 480  # pixels
SHEET_COLUMNS, SHEET_FRAMES = 3, 9
BLURRED_SAMPLES = 14  # of the longer edge: shapes and colors go, light and dark areas stay
QUALITY = 85
DECIMALS = 3


class Frame(NamedTuple):
    """A frame as `media.processed` records it, and a small picture of it."""

    hashed: dict[str, Any]
    picture: Image.Image


def read_file(job: Job) -> Outcome:
    """What is computed of a file, or why it is refused; its previews are written where the job says."""
    try:
        return Outcome(_read_video(job) if kind_of(job.media_type) == "video" else _read_image(job))
    except ScoringError as error:
        return Outcome({}, str(error))


def _read_image(job: Job) -> dict[str, Any]:
    opened = open_image(Path(job.path).read_bytes(), media_type=job.media_type)
    frames, scores = _frames_of(opened.stills(MAX_STILLS), scored=range(MAX_SCORED), until=_until(job))
    is_animated = opened.frames > 1
    _write_previews(job, [frame.picture for frame in frames], is_sheet=is_animated)
    hashes = [frame.hashed if is_animated else {**frame.hashed, "at": None} for frame in frames]
    return {
        "width": opened.width,
        "height": opened.height,
        "frames": len(frames) if is_animated else None,
        "hashes": _distinct(hashes),
        "nsfw": max(scores, default=None),
    }


def _read_video(job: Job) -> dict[str, Any]:
    limits = replace(VIDEO_LIMITS, max_samples=MAX_SAMPLES)
    opened = open_video(Path(job.path), media_type=job.media_type, limits=limits)
    expected = min(round(opened.seconds) + 1, MAX_SAMPLES)
    scored = set(spread_evenly(expected, MAX_SCORED))
    frames, scores = _frames_of(opened.stills(), scored=scored, until=_until(job))
    _write_previews(job, [frame.picture for frame in frames], is_sheet=True)
    return {
        "width": opened.width,
        "height": opened.height,
        "frames": len(frames),
        "seconds": round(opened.seconds, DECIMALS),
        "hashes": _distinct([frame.hashed for frame in frames]),
        "nsfw": max(scores, default=None),
    }


def _until(job: Job) -> float:
    return time.monotonic() + job.soft_seconds


def _frames_of(
    stills: Iterable[Still], *, scored: Iterable[int], until: float
) -> tuple[list[Frame], list[float]]:
    """The frames that can be read in time, the first in any case, and the scores of those to be scored."""
    frames: list[Frame] = []
    scores: list[float] = []
    wanted = set(scored)
    for place, still in enumerate(stills):
        pixels = still.pixels
        frames.append(Frame(_hashed(still), _small(pixels, STILL_EDGE if not frames else SHEET_EDGE)))
        if place in wanted:
            scores.append(nsfw_score(pixels))
        if time.monotonic() > until:
            break
    return frames, scores


def _hashed(still: Still) -> dict[str, Any]:
    found = still.pdq()
    variants = [hash_text(variant) for variant in found.variants]
    return {"at": round(still.at, DECIMALS), "quality": found.quality, "pdq": variants}


def _distinct(hashes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hashes without those of frames that hardly differ from the one kept before."""
    return [hashes[place] for place in distinct_frames([each["pdq"][0] for each in hashes])]


def _small(pixels: Pixels, edge: int) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((edge, edge), Image.Resampling.BILINEAR)
    return picture


def _write_previews(job: Job, pictures: Sequence[Image.Image], *, is_sheet: bool) -> None:
    """A picture that a browser may show, encoded anew, and what is left of it when it is blurred."""
    still = _sheet(pictures) if is_sheet and len(pictures) > 1 else pictures[0]
    still.save(job.still, "JPEG", quality=QUALITY)
    _blurred(still).save(job.blurred, "JPEG", quality=QUALITY)


def _sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    """Up to nine frames side by side, in the order of time."""
    chosen = [pictures[place] for place in spread_evenly(len(pictures), SHEET_FRAMES)]
    cells = [_fitted(picture, SHEET_EDGE) for picture in chosen]
    width, height = max(cell.width for cell in cells), max(cell.height for cell in cells)
    columns = min(SHEET_COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for place, (left, top) in enumerate(_places(columns, rows, width, height)):
        if place < len(cells):
            sheet.paste(cells[place], (left, top))
    return sheet


def _places(columns: int, rows: int, width: int, height: int) -> Iterator[tuple[int, int]]:
    return ((column * width, row * height) for row in range(rows) for column in range(columns))


def _fitted(picture: Image.Image, edge: int) -> Image.Image:
    fitted = picture.copy()
    fitted.thumbnail((edge, edge), Image.Resampling.BILINEAR)
    return fitted


def _blurred(picture: Image.Image) -> Image.Image:
    """Gray, and so coarse that nothing can be recognized."""
    gray = _fitted(picture.convert("L"), BLURRED_SAMPLES)
    scale = BLURRED_EDGE / max(picture.size)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    return gray.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(8))
