"""Videos as people and files give them: the hashes of their frames, as vPDQ writes them.

A frame is "hash,quality,seconds" (VpdqCompactFeature of facebook/ThreatExchange's python-threatexchange) or
"number,quality,hash,seconds" (the files that its vpdq-hash-video writes).
"""

import hashlib
import re
from collections.abc import Collection, Sequence

from scoring.catalog.errors import FieldError
from scoring.images.video_matching import distinct_frames
from scoring.rules.banks.changing.pdq_hashes import MAX_QUALITY
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.banks.models import MAX_VIDEO_FRAMES

FRAME_ALLOWED = "hash,quality,seconds or number,quality,hash,seconds"
MAX_READ = 500_000  # frames of one video as given: more than four hours of 30 a second

_HASH, _QUALITY, _SECONDS = r"([0-9a-fA-F]{64})", r"(\d{1,3})", r"(\d{1,7}(?:\.\d{1,9})?)"
_COMPACT = re.compile(rf"\s*{_HASH}\s*,\s*{_QUALITY}\s*,\s*{_SECONDS}\s*", re.ASCII)
_NUMBERED = re.compile(rf"\s*\d{{1,9}}\s*,\s*{_QUALITY}\s*,\s*{_HASH}\s*,\s*{_SECONDS}\s*", re.ASCII)

Frame = tuple[str, int, float]  # its hash, quality and time in seconds


def is_frame(text: str) -> bool:
    """Whether a line is a frame of a video, with its time."""
    return _read(text) is not None


def frame_text(hash_text: str, quality: int, seconds: float) -> str:
    """A frame as it is stored: hash, quality and seconds."""
    return f"{hash_text},{quality},{seconds:.3f}"


def check_frames(frames: Sequence[str], definition: BankDefinition) -> tuple[str, ...]:
    """The different frames of a video in stored form, in their order. Raises FieldError.

    Frames that hardly differ from the one before are left out, as they are of uploaded videos; of equal ones
    the first is kept, with the best quality. At least one must have the quality of the bank.
    """
    if len(frames) > MAX_READ:
        raise FieldError(f"are {len(frames):,}", f"at most {MAX_READ:,}")
    parsed = [_parsed(number, frame) for number, frame in enumerate(frames, start=1)]
    kept: dict[str, Frame] = {}
    for place in distinct_frames([text for text, _, _ in parsed]):
        text, quality, seconds = parsed[place]
        _, best, first = kept.get(text, (text, quality, seconds))
        kept[text] = (text, max(quality, best), first)
    _check_number_and_quality(kept.values(), definition)
    return tuple(frame_text(*frame) for frame in kept.values())


def digest_of(frames: Sequence[str]) -> str:
    """What tells a video from others: the SHA-256 of the hashes of its frames, in hex."""
    return hashlib.sha256(b"".join(bytes.fromhex(frame.split(",")[0]) for frame in frames)).hexdigest()


def _read(text: str) -> Frame | None:
    if found := _COMPACT.fullmatch(text):
        return found[1].lower(), int(found[2]), float(found[3])
    if found := _NUMBERED.fullmatch(text):
        return found[2].lower(), int(found[1]), float(found[3])
    return None


def _parsed(number: int, text: str) -> Frame:
    """The frame in a text. Raises FieldError."""
    frame = _read(text)
    if frame is None:
        raise FieldError(f"has {text.strip()[:70]!r} as frame {number:,}", FRAME_ALLOWED)
    if frame[1] > MAX_QUALITY:
        raise FieldError(f"has the quality {frame[1]} in frame {number:,}", f"0 to {MAX_QUALITY}")
    return frame


def _check_number_and_quality(frames: Collection[Frame], definition: BankDefinition) -> None:
    if len(frames) > MAX_VIDEO_FRAMES:
        problem = f"has {len(frames):,} different frames"
        raise FieldError(problem, f"at most {MAX_VIDEO_FRAMES:,}; hash fewer frames a second")
    best = max(quality for _, quality, _ in frames)
    if best < definition.min_quality:
        allowed = f"a frame of at least {definition.min_quality}, the minimum of this bank"
        raise FieldError(f"has no frame of a quality above {best}", allowed)
