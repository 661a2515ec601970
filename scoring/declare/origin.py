"""Where something was declared."""

import sys
from dataclasses import dataclass

from scoring.declare.errors import CatalogError

# What offers words to declare with: an origin is the nearest caller outside of it.
_MODULES = ("scoring.catalog.event_type", "scoring.catalog.fields", "dataclasses")
_PACKAGES = (__package__, "scoring.batch")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was declared: what a CatalogError names."""

    module: str
    line: int

    @classmethod
    def here(cls) -> "Origin":
        """The nearest caller outside the vocabulary itself."""
        frame = sys._getframe(1)
        while frame.f_back and _offers_words(frame.f_globals.get("__name__", "")):
            frame = frame.f_back
        return cls(frame.f_globals.get("__name__", "?"), frame.f_lineno)

    def error(self, problem: str) -> CatalogError:
        return CatalogError(problem, module=self.module, line=self.line)


def _offers_words(module: str) -> bool:
    return module in _MODULES or module.rpartition(".")[0] in _PACKAGES
