"""What a worker and the process that reads files for it say to each other: one JSON object a line.

Both sides import this, so it needs neither Django nor any decoder.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read: its path and media type, where pictures made of it go, and how long that may take.

    `soft_seconds`: after them sampling a video ends with what it has. `hard_seconds`: after them the process
    ends itself, should nobody else have ended it.
    """

    path: str
    media_type: str
    still: str
    blurred: str
    soft_seconds: float
    hard_seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was computed of a file, as `media.processed` records it; or why it was refused, in `problem`."""

    result: dict[str, Any]
    problem: str = ""


def to_line(message: Job | Outcome) -> bytes:
    return json.dumps(asdict(message)).encode() + b"\n"


def job_of(line: bytes) -> Job:
    return Job(**json.loads(line))


def outcome_of(line: bytes) -> Outcome:
    """Raises ValueError or TypeError for anything but an outcome."""
    return Outcome(**json.loads(line))
