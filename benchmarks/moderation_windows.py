"""What became of comments as they came: how much spam was removed, seen by people or missed, over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan

LIKELY = 0.5  # the score from which a comment counts as called spam
NO_MODEL = "no_model"  # the basis of decisions before the first model


@dataclass(frozen=True)
class DecidedComment:
    """A comment with the decision that its sender got, and the verdict that came later.

    `score`: None if no model decided. `basis`: what decided, as in the response.
    """

    is_spam: bool
    outcome: str
    score: float | None
    basis: str

    @property
    def is_removed(self) -> bool:
        return self.outcome == "block"

    @property
    def is_reviewed(self) -> bool:
        return self.outcome == "review"

    @property
    def is_called_spam(self) -> bool:
        return self.score is not None and self.score >= LIKELY


@dataclass(frozen=True)
class CommentWindow:
    """Consecutive comments, from number `first` (0 for the first) on."""

    first: int
    comments: Sequence[DecidedComment]

    @property
    def spam(self) -> list[DecidedComment]:
        return [comment for comment in self.comments if comment.is_spam]

    @property
    def without_model(self) -> int:
        return sum(comment.basis == NO_MODEL for comment in self.comments)

    def share_of_spam(self, *outcomes: str) -> float:
        """The share of the spam that got one of these outcomes; NaN without spam."""
        return _share(comment.outcome in outcomes for comment in self.spam)

    @property
    def precision_of_removal(self) -> float:
        """The share of spam among what was removed; NaN if nothing was."""
        return _share(comment.is_spam for comment in self.comments if comment.is_removed)

    @property
    def precision(self) -> float:
        """The share of spam among what scored at least LIKELY; NaN if nothing did."""
        return _share(comment.is_spam for comment in self.comments if comment.is_called_spam)

    @property
    def recall(self) -> float:
        """The share of the spam that scored at least LIKELY; NaN without spam."""
        return _share(comment.is_called_spam for comment in self.spam)

    @property
    def unattended(self) -> float:
        """The share of all comments that no person had to review."""
        return _share(not comment.is_reviewed for comment in self.comments)


def windows_of(comments: Sequence[DecidedComment], size: int) -> Iterator[CommentWindow]:
    """Windows of `size` comments each, the last with what is left."""
    for first in range(0, len(comments), size):
        yield CommentWindow(first, comments[first : first + size])


def table_lines(comments: Sequence[DecidedComment], size: int) -> list[str]:
    """A line a window, and one of all comments, as a table in Markdown."""
    windows = [*windows_of(comments, size), CommentWindow(0, comments)]
    return [
        "| comments | spam | no model | removed | correctly | reviewed | allowed | unattended | precision"
        " | recall |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *map(_line, windows),
    ]


def _line(window: CommentWindow) -> str:
    cells = [
        f"{window.first + 1:,} to {window.first + len(window.comments):,}",
        str(len(window.spam)),
        str(window.without_model),
        *map(
            _percent,
            (
                window.share_of_spam("block"),
                window.precision_of_removal,
                window.share_of_spam("review"),
                window.share_of_spam("allow"),
                window.unattended,
                window.precision,
                window.recall,
            ),
        ),
    ]
    return f"| {' | '.join(cells)} |"


def _share(each: Iterator[bool]) -> float:
    values = list(each)
    return sum(values) / len(values) if values else float("nan")


def _percent(share: float) -> str:
    return "" if isnan(share) else f"{share:.0%}"
