"""Where something was declared."""

import sys
from dataclasses import dataclass

from scoring.declare.errors import CatalogError

# Modules that are declared with: an origin is the nearest caller outside of them.
_VOCABULARY = {"dataclasses"}


def part_of_vocabulary(module: str) -> None:
    """Origins pass over this module: what it declares was written by its caller."""
    _VOCABULARY.add(module)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was declared: what a CatalogError names."""

    module: str
    line: int

    @classmethod
    def here(cls) -> "Origin":
        """The nearest caller outside the vocabulary itself."""
        frame = sys._getframe(1)
        while frame.f_back and _is_vocabulary(frame.f_globals.get("__name__", "")):
            frame = frame.f_back
        return cls(frame.f_globals.get("__name__", "?"), frame.f_lineno)

    def error(self, problem: str) -> CatalogError:
        return CatalogError(problem, module=self.module, line=self.line)


def _is_vocabulary(module: str) -> bool:
    return module in _VOCABULARY or module.startswith(f"{__package__}.")
