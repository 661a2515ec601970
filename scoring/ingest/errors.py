"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class InvalidMapping(ScoringError):
    """The mapping of an import is wrong; `problems` say how, and what is allowed instead."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class UnreadableImport(ScoringError):
    """A file or frame that cannot be read as a table of rows."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"{name} cannot be imported: {problem}")


class NoSuchImport(UnreadableImport):
    """The file that was named does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "there is no such file")


class ImportAlreadyRunning(ScoringError):
    """Another process is running the same import (same content, same mapping)."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"{stream} is being imported by another process; wait for it or stop it")
