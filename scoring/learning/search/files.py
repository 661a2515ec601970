"""Trials in a file of JSON Lines, for searches on the command line."""

import os
from pathlib import Path

import orjson

from scoring.learning.errors import InvalidTraining
from scoring.learning.search.trials import SearchTrial

FIELD = "search_history"
BEGINNING = b'{"trial":'  # of every line


class TrialsInFile:
    """A file to which a line is appended per trial. A last line that a crash cut short is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[SearchTrial]:
        """All trials so far; none if there is no file yet. Raises InvalidTraining."""
        try:
            text = self._path.read_bytes() if self._path.exists() else b""
            whole, _, cut_short = text.rpartition(b"\n")
            trials = [SearchTrial.from_stored(orjson.loads(line)) for line in whole.splitlines()]
            if cut_short:
                _require_beginning(cut_short)
                os.truncate(self._path, len(text) - len(cut_short))
            return trials
        except (OSError, ValueError, KeyError, TypeError) as error:
            allowed = f"a file that a search wrote ({type(error).__name__}: {error})"
            raise InvalidTraining(FIELD, str(self._path), allowed) from error

    def append(self, trial: SearchTrial) -> None:
        """Raises InvalidTraining for a file that cannot be written."""
        try:
            with self._path.open("ab") as file:
                file.write(orjson.dumps(trial.stored()) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InvalidTraining(FIELD, str(self._path), f"a file that can be written ({error})") from error


def _require_beginning(line: bytes) -> None:
    """Raises ValueError for a line that is not the beginning of a trial: the file is of something else."""
    if line[: len(BEGINNING)] != BEGINNING[: len(line)]:
        raise ValueError("the last line is not of a trial")
