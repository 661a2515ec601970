"""XGBoost's native API without its scikit-learn wrappers, which nothing here uses.

XGBoost imports scikit-learn if it is installed: 75 MB and a second for every process. Product code imports
`xgb` from here, so that all processes do the same.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(package: str) -> Iterator[None]:
    """Let the block import as if `package` were not installed, unless it has been imported already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # makes `import` raise ImportError
    try:
        yield
    finally:
        del sys.modules[package]


with hidden("sklearn"):
    import xgboost as xgb

__all__ = ["xgb"]
