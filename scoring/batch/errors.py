"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class UnknownBatchView(ScoringError):
    """No event type declares this batch view."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no batch view {name!r}; there are: {', '.join(known) or 'none'}")
        self.name, self.known = name, known


class BatchVersionCorrupt(ScoringError):
    """The stored values of a batch view's version are missing or differ from those published."""

    def __init__(self, *, view: str, number: int, url: str, problem: str) -> None:
        super().__init__(
            f"version {number} of {view} cannot be read from {url}: {problem}. Restore the file from a"
            " backup; events that read the next version are not affected"
        )
        self.view, self.number, self.url, self.problem = view, number, url, problem


class PublishingUnderWay(ScoringError):
    """Another process is publishing batch views."""

    def __init__(self) -> None:
        super().__init__("another process is already publishing batch views")
