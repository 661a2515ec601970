"""Finds where something was declared, for error messages."""

import sys
from dataclasses import dataclass

from scoring.declare.errors import CatalogError

# Modules whose functions and classes declarations call: an origin is the nearest caller outside of them.
_VOCABULARY = {"dataclasses"}


def part_of_vocabulary(module: str) -> None:
    """Make origins skip this module: its callers wrote the declaration."""
    _VOCABULARY.add(module)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was declared. A CatalogError names it."""

    module: str
    line: int

    @classmethod
    def here(cls) -> "Origin":
        """The nearest caller outside the vocabulary."""
        frame = sys._getframe(1)
        while frame.f_back and _is_vocabulary(frame.f_globals.get("__name__", "")):
            frame = frame.f_back
        return cls(frame.f_globals.get("__name__", "?"), frame.f_lineno)

    def error(self, problem: str) -> CatalogError:
        return CatalogError(problem, module=self.module, line=self.line)


def _is_vocabulary(module: str) -> bool:
    return module in _VOCABULARY or module.startswith(f"{__package__}.")
