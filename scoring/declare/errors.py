"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class CatalogError(ScoringError):
    """An event type is declared wrongly. Carries where: `module` and `line` of the declaration."""

    def __init__(self, problem: str, *, module: str, line: int) -> None:
        super().__init__(f"{module}, line {line}: {problem}")
        self.problem = problem
        self.module = module
        self.line = line


class UnknownBatchValue(CatalogError, AttributeError):
    """A declaration reads a value that the batch view does not have; also what `hasattr` has to see."""
