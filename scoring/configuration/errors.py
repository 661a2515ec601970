"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scoring.errors import ScoringError

Path = tuple[str, ...]  # from the document's root: ("rules", "payment", "velocity", "active", "share")


class Problem(NamedTuple):
    """What is wrong with a part of a file, and what is allowed. `line` is 0 where the whole file is meant."""

    path: Path
    line: int
    problem: str
    allowed: object = None

    def __str__(self) -> str:
        place = f"line {self.line}, {'.'.join(self.path)}: " if self.path else f"line {self.line}: "
        allowed = f" (allowed: {allowed_text(self.allowed)})" if self.allowed else ""
        return f"{place if self.line else ''}{self.problem}{allowed}"


def allowed_text(allowed: object) -> str:
    is_list = isinstance(allowed, (list, tuple, set, frozenset))
    return ", ".join(map(str, allowed)) if is_list else str(allowed)  # type: ignore[call-overload]


class ConfigurationInvalid(ScoringError):
    """A file cannot be applied; nothing was changed. `problems` has every problem found, by line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda each: (each.line, each.path)))
        super().__init__("the configuration cannot be applied:\n" + "\n".join(map(str, self.problems)))


class ItemInvalid(ScoringError):
    """An item of a section is refused. `problems`: (path within the item, problem, what is allowed)."""

    def __init__(self, problems: Sequence[tuple[Path, str, object]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{'.'.join(path)}: {problem}" for path, problem, _ in problems))


class ConfigurationChangedMeanwhile(ScoringError):
    """What is configured changed after the differences were shown."""

    def __init__(self) -> None:
        super().__init__("the configuration was changed meanwhile; look at the differences again")


class UnknownPerson(ScoringError):
    """A change needs the name of an active user who may make it."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name!r} {why}")


class SamePerson(ScoringError):
    """Activations need a second person."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} cannot approve their own activations; name a second person, or none")
