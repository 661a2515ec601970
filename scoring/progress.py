"""How a training run says how far it is, and how it is stopped on the way."""

from typing import Protocol


class Watch(Protocol):
    """Told of every step of a run; whatever either method raises ends the run, which has changed nothing."""

    def begin(self, step: str, *, total: int | None = None) -> None:
        """A step begins, of `total` items where their number is known."""

    def advance(self, count: int) -> None:
        """`count` more items of the step are done."""


class _Unwatched:
    """Nobody looks."""

    def begin(self, step: str, *, total: int | None = None) -> None:
        pass

    def advance(self, count: int) -> None:
        pass


UNWATCHED: Watch = _Unwatched()
