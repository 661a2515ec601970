"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scoring.errors import ScoringError, word_problems


class Problem(NamedTuple):
    """What is wrong with one field of a list or of a line, and what is allowed."""

    field: str
    problem: str
    allowed: object = None


class InvalidListChange(ScoringError):
    """A list or its values cannot be changed like this; nothing was. `problems` names each field."""

    def __init__(self, list_name: str, problems: Iterable[Problem]) -> None:
        self.list_name, self.problems = list_name, tuple(problems)
        super().__init__(f"list {list_name!r} was not changed: {word_problems(self.problems)}")


class UnknownList(ScoringError):
    """No list has this name; `known` lists those there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        there = f"; there are {', '.join(known)}" if known else "; there are no lists yet"
        super().__init__(f"there is no list {name!r}{there}")


class ListArchived(ScoringError):
    """The list is archived, so its values cannot be changed."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"list {name!r} is archived; restore it to change its values")


class ImportNotPossible(ScoringError):
    """The step does not fit the state of the import."""

    def __init__(self, *, number: int, state: str, step: str) -> None:
        self.number, self.state, self.step = number, state, step
        super().__init__(f"import {number} is {state}, so it cannot be {step}")


class UnreadableListFile(ScoringError):
    """The file is not a list of values; nothing was read from it."""

    def __init__(self, problem: str, allowed: str) -> None:
        self.problem, self.allowed = problem, allowed
        super().__init__(f"the file {problem}; {allowed}")
