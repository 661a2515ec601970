"""How a long run reports its progress, and how it is stopped on the way."""

from typing import Protocol


class ProgressReporter(Protocol):
    """Told of every step of a run. An exception from either method ends the run; nothing has changed then."""

    def begin(self, step: str, *, total: int | None = None) -> None:
        """A step begins, of `total` items where their number is known."""

    def advance(self, count: int) -> None:
        """`count` more items of the step are done."""


class _Discarded:
    """Progress that is not shown."""

    def begin(self, step: str, *, total: int | None = None) -> None:
        pass

    def advance(self, count: int) -> None:
        pass


NO_PROGRESS: ProgressReporter = _Discarded()
