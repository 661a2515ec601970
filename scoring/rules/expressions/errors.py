"""Errors of expressions."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.errors import ScoringError

MAX_NAME_SHOWN = 60  # a text of 2,000 characters may be one name


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong at a place of an expression, and what is allowed there.

    `line` and `column` count from 1, the column in characters of the text as it was written. `allowed` is ""
    where the message says it all.
    """

    line: int
    column: int
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        text = f"Line {self.line}, column {self.column}: {self.message}"
        return f"{text} Allowed: {self.allowed}." if self.allowed else text


class ExpressionInvalid(ScoringError):
    """A text is not an expression of the language. Carries the `problems` in order of their places."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(" ".join(map(str, self.problems)))


class ExpressionFailed(ScoringError):
    """A valid expression failed on an event. Carries its `text` and the `problem`."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f"{problem} (in {text!r})")
        self.text = text
        self.problem = problem
