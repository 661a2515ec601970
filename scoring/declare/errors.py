"""Errors in declarations."""

from scoring.errors import ScoringError


class CatalogError(ScoringError):
    """A declaration is wrong. Carries its `module` and `line`."""

    def __init__(self, problem: str, *, module: str, line: int) -> None:
        super().__init__(f"{module}, line {line}: {problem}")
        self.problem = problem
        self.module = module
        self.line = line


class UnknownBatchValue(CatalogError, AttributeError):
    """A declaration reads a value that the batch view does not have. An AttributeError too, for `hasattr`."""
