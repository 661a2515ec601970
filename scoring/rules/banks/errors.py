"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Iterable, Sequence

from scoring.errors import ScoringError, word_problems
from scoring.rules.lists.errors import Problem


class InvalidBankChange(ScoringError):
    """A bank or its items cannot be changed like this; nothing was. `problems` names each field."""

    def __init__(self, bank: str, problems: Iterable[Problem]) -> None:
        self.bank, self.problems = bank, tuple(problems)
        super().__init__(f"bank {bank!r} was not changed: {word_problems(self.problems)}")


class UnknownBank(ScoringError):
    """No bank has this name; `known` lists those there are."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.known = name, tuple(known)
        there = f"; there are {', '.join(known)}" if known else "; there are no banks yet"
        super().__init__(f"there is no bank {name!r}{there}")


class BankArchived(ScoringError):
    """The bank is archived, so its items cannot be changed."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"bank {name!r} is archived; restore it to change its items")
